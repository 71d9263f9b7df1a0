import { createServer, type AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { assertReachable, kubeConfigOf } from '../../../cluster/connection';

test('an API server that takes the connection and says nothing is given up', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'mute', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'nobody' },
  );
  try {
    await expect(assertReachable(kubeConfig, 200)).rejects.toThrow(
      new RegExp(`No API server answers at http://127.0.0.1:${port} .*Nothing was changed`),
    );
  } finally {
    server.close();
  }
});

test('a kubeconfig that KUBECONFIG names and that is not there is named, and nothing else is taken', () => {
  const before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = '/nowhere/kubeconfig';
  try {
    expect(() => kubeConfigOf({ context: 'lab' })).toThrow(
      'KUBECONFIG names /nowhere/kubeconfig, which does not exist; correct it, or name the file in casper:cluster.kubeconfig',
    );
  } finally {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  }
});
