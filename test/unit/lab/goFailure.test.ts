import { goFailure } from '../../../lab/tools/goFailure';

const folders = { temporary: '/tmp', buildCache: '/cache/go-build', moduleCache: '/go/pkg/mod' };

describe('a module that cannot be had', () => {
  test.each([
    [
      'go: downloading go.universe.tf/metallb v0.15.2\nmodule lookup disabled by GOPROXY=off',
      'go.universe.tf/metallb@v0.15.2',
    ],
    [
      'go: downloading go.universe.tf/metallb v0.15.2\n' +
        'go.universe.tf/metallb@v0.15.2: Get "http://127.0.0.1:1/x.zip": dial tcp 127.0.0.1:1: connect: connection refused',
      'go.universe.tf/metallb@v0.15.2',
    ],
    [
      '../../main.go:5:2: github.com/Azure/x/v2@v2.0.1-0.20260101000000-abcdef123456: reading http://127.0.0.1:1/x: 404 Not Found',
      'github.com/Azure/x/v2@v2.0.1-0.20260101000000-abcdef123456',
    ],
    [
      '{\n\t"Error": "sigs.k8s.io/metrics-server@v0.8.0: Get \\"http://h/x\\": dial tcp: lookup h: no such host"\n}',
      'sigs.k8s.io/metrics-server@v0.8.0',
    ],
  ])('is named, with what to do: %s', (stderr, module) => {
    const message = goFailure(stderr, folders);
    expect(message).toContain(`the Go module ${module} cannot be had`);
    expect(message).toContain('GOPROXY');
  });
});

describe('a full disk', () => {
  test('is named by the file that could not be written', () => {
    const message = goFailure(
      'casper.invalid/x: go build casper.invalid/x: copying /tmp/go-build3/b001/exe/a.out to /cache/casper/x: write /cache/casper/x: no space left on device',
      folders,
    );
    expect(message).toContain('the disk is full: /cache/casper/x could not be written');
    expect(message).toContain('CASPER_CACHE');
  });

  test("is named where Go writes $WORK for its temporary folder's name", () => {
    const message = goFailure(
      '# sync/atomic\ncompile: writing output: write $WORK/b042/_pkg_.a: no space left on device',
      folders,
    );
    expect(message).toContain('the disk is full: /tmp/b042/_pkg_.a could not be written');
  });

  test('is one of three folders where Go names none', () => {
    const message = goFailure('link: final write failed: no space left on device', folders);
    expect(message).toContain('one of /tmp, /cache/go-build and /go/pkg/mod');
  });

  test('comes before the modules that could not be unpacked for it', () => {
    const message = goFailure(
      'a.b/c@v1.0.0: write /go/pkg/mod/a.b/c@v1.0.0/x.go: no space left on device\na.b/d@v1.0.0: Get "x": dial tcp: timeout',
      folders,
    );
    expect(message).toContain('the disk is full: /go/pkg/mod/a.b/c@v1.0.0/x.go');
  });
});

test('a Go that is too old is told apart', () => {
  expect(goFailure('go: go.mod requires go >= 1.26 (running go 1.22.1; GOTOOLCHAIN=local)', folders)).toBe(
    "the lab's tools need Go 1.26 or later, and this is 1.22.1: install a later one",
  );
});

test('a compiler that was killed is a matter of memory', () => {
  expect(goFailure('big/package: /usr/lib/go/compile: signal: killed', folders)).toContain('want of memory');
});

test('an error in a source file is none of these', () => {
  expect(goFailure('# example.com/x\nx.go:1:1: undefined: y', folders)).toBeUndefined();
});
