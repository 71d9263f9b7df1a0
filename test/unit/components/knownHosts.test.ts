import { keyIn } from '../../../components/host/knownHosts';

const rsa = 'ssh-rsa AAAAB3NzaC1yc2E';
const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5';

test.each<[string, string, string | undefined]>([
  ['a name', `# who\nother ${rsa}\nweb-1 ${ed25519} comment`, ed25519],
  ['one of several names', `web,web-1,192.0.2.1 ${ed25519}\r\n`, ed25519],
  ['the best of several keys', `web-1 ${rsa}\nweb-1 ${ed25519}`, ed25519],
  ['a pattern', `web-? ${ed25519}`, ed25519],
  ['a pattern that leaves it out', `web-*,!web-1 ${ed25519}`, undefined],
  ['a dot is no pattern', `web.1 ${ed25519}`, undefined],
  // Made by `ssh-keygen -H` of web-1.
  ['a hashed name', `|1|WVK7MUoEgmrtuCfEG7wyMg+kFwA=|Sw8UoK7jpRBarjEli8ZqqBnytQI= ${ed25519}`, ed25519],
  ['a key that is taken back', `@revoked web-1 ${ed25519}`, undefined],
  ['an authority', `@cert-authority web-1 ${ed25519}`, undefined],
  ['another port', `[web-1]:2222 ${ed25519}`, undefined],
  ['a torn line', 'web-1 ssh-ed25519', undefined],
  ['nothing', '', undefined],
])('a known_hosts file with %s', (_what, text, key) => {
  expect(keyIn(text, 'web-1')).toBe(key);
});
