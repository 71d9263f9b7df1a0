import { homedir } from 'node:os';
import path from 'node:path';

/** What is worth keeping between starts and between checkouts: compiled JavaScript, the lab's tools and images. */
export const cacheDirectory =
  process.env['CASPER_CACHE'] ??
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'casper');
