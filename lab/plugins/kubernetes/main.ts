import { runPlugin } from '../provider/runPlugin';
import { KubernetesServer } from './server';

runPlugin((engine) => new KubernetesServer(engine));
