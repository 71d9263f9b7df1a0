// The order counts: what is loaded after the compile cache is on is kept in it.
import '../../start/requireNode';
import '../../start/compileCache';
import { runPlugin } from '../../plugin/runPlugin';
import { CasperProvider } from './provider';

runPlugin((engine) => new CasperProvider(engine));
