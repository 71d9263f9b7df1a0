import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { cacheDirectory } from './cacheDirectory';

// Keeps what V8 compiles of the modules that are loaded from here on, for the next start. Where NODE_COMPILE_CACHE names
// a folder already, that one is used; where none can be written, Node compiles as ever.
enableCompileCache(path.join(cacheDirectory, 'node-compile-cache'));
