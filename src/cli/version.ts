/** Put in by the build. */
declare const __VERSION__: string | undefined;
declare const __COMMIT__: string | undefined;

export const VERSION = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0-source';
export const COMMIT = typeof __COMMIT__ === 'string' ? __COMMIT__ : 'source';
