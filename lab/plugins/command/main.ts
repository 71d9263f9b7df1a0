import { runPlugin } from '../provider/runPlugin';
import { CommandServer } from './server';

runPlugin((engine) => new CommandServer(engine));
