import { convertConfig, type Origin } from '../../../../src/config/import/convert.ts';
import { readConfigText } from '../../../../src/config/load.ts';

export const PATH = '/etc/vault.d/snapshots.yaml';

/** Converted and read by our own loader, which is to find nothing wrong. */
export async function convert(content: string | object, from?: Origin) {
  const conversion = await convertConfig(typeof content === 'string' ? content : JSON.stringify(content), PATH, from);
  const { config: loaded } = readConfigText(JSON.stringify(conversion.config), '/etc/vault.d/snapshot.json', {});
  return { ...conversion, loaded, places: { lost: conversion.lost.map(({ place }) => place), changed: conversion.changed.map(({ place }) => place) } };
}
