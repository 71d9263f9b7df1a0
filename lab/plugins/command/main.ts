import { runPlugin } from '../../../plugin/runPlugin';
import { CommandServer } from './server';

runPlugin((engine) => new CommandServer(engine));
