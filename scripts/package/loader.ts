import { posix } from 'node:path';
import process from 'node:process';
import { getRawAsset } from 'node:sea';
import { Script } from 'node:vm';

// The first script of the executable. The chunks of the program lie inside it as assets, each a function of what CommonJS hands to a module,
// and are compiled when the program asks for them: as one script they would cost 20 MB of memory, used or not.

type Chunk = (exports: object, require: (specifier: string) => unknown, module: { exports: object }) => void;

const loaded = new Map<string, { exports: object }>();

function load(name: string): object {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const script = new Script(Buffer.from(getRawAsset(name)).toString('latin1'), { filename: name });
  const require = (specifier: string) => (specifier.startsWith('.') ? load(posix.join(posix.dirname(name), specifier)) : process.getBuiltinModule(specifier));
  (script.runInThisContext() as Chunk)(module.exports, require, module);
  return module.exports;
}

// With DEBUG set, the client library prints what it sends, secrets included.
delete process.env.DEBUG;

load('main.js');
