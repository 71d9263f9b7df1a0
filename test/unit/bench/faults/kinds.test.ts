import { flagOf } from '../../../../bench/faults/fault';
import { commandOf } from '../../../../bench/faults/labDaemons';
import { allFaults } from '../../../../bench/faults/kinds';
import { withShareOfRequests } from '../../../../bench/faults/smallTraces';

test('kinds have names and flags of their own, 25 at least', () => {
  const flags = allFaults.map(flagOf);
  expect(new Set(flags).size).toBe(allFaults.length);
  expect(flags.length).toBeGreaterThanOrEqual(25);
  expect(flags.filter((flag) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(flag))).toEqual([]);
});

test('a flag is the kind’s name with dashes', () => {
  expect(flagOf({ kind: 'driver’s packets to a host’s ssh dropped' })).toBe(
    'driver-s-packets-to-a-host-s-ssh-dropped',
  );
});

test('a share of the requests of a trace, whatever its line ends; times and holes stay', () => {
  const text =
    'timestamp,datetime,a,b\r\n1767571200,05-01-2026 00:00,85,402\r\n1767574800,05-01-2026 01:00,,3\r\n';
  expect(withShareOfRequests(text, 0.1)).toBe(
    'timestamp,datetime,a,b\n1767571200,05-01-2026 00:00,9,40\n1767574800,05-01-2026 01:00,,1\n',
  );
});

test('sshd is started by what it was started by, which it has written over', () => {
  const own = ['/usr/sbin/sshd', '-D', '-e', '-f', '/x/sshd_config'];
  expect(commandOf([`sshd: ${own.join(' ')} [listener] 0 of 100-100 startups`])).toEqual(own);
  expect(commandOf(['etcd', '--data-dir=/x y'])).toEqual(['etcd', '--data-dir=/x y']);
});
