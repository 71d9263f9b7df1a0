#!/usr/bin/env node
// The order counts: a Node that is too old is refused before it reads anything that it cannot parse, and what is loaded
// after the compile cache is on is kept in it.
import '../start/requireNode';
import '../start/compileCache';
import './casper';
