import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const yearMs = 365 * 24 * 3600 * 1000;

/** A certificate and its key, in PEM, and where they lie. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface Subject {
  /** File name, without its ending. */
  readonly name: string;
  /** CN; Kubernetes takes it for the user. */
  readonly commonName: string;
  /** O; Kubernetes takes it for the group. */
  readonly organization?: string;
  /** Names and addresses that a server is reached by. */
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
}

/** Signs certificates for one trust domain of the cluster. */
export class CertificateAuthority {
  private constructor(
    private readonly certificate: X509Certificate,
    private readonly keys: webcrypto.CryptoKeyPair,
    public readonly pem: string,
    public readonly file: string,
    private readonly directory: string,
  ) {}

  /** @param directory where its certificate, and those that it signs, are put with their keys */
  static async create(name: string, directory: string): Promise<CertificateAuthority> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    const pem = certificate.toString('pem');
    const file = path.join(directory, `${name}.crt`);
    writeFileSync(file, pem);
    return new CertificateAuthority(certificate, keys, pem, file, directory);
  }

  /** A certificate for a client and a server. */
  async issue({ name, commonName, organization, dnsNames = [], addresses = [] }: Subject): Promise<KeyPair> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      ...validity(),
      subject: [{ CN: [commonName] }, ...(organization === undefined ? [] : [{ O: [organization] }])],
      issuer: this.certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
        ...(dnsNames.length + addresses.length === 0
          ? []
          : [
              new SubjectAlternativeNameExtension([
                ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
                ...addresses.map((value) => ({ type: 'ip' as const, value })),
              ]),
            ]),
      ],
    });
    const pair = {
      certificate: certificate.toString('pem'),
      key: await pemOf(keys.privateKey, 'pkcs8', PemConverter.PrivateKeyTag),
      certificateFile: path.join(this.directory, `${name}.crt`),
      keyFile: path.join(this.directory, `${name}.key`),
    };
    writeFileSync(pair.certificateFile, pair.certificate);
    writeFileSync(pair.keyFile, pair.key, { mode: 0o600 });
    return pair;
  }
}

/** The pair of keys that service account tokens are signed and checked with. */
export async function serviceAccountKeys(
  directory: string,
): Promise<{ publicFile: string; privateFile: string }> {
  const keys = await newKeys();
  const publicFile = path.join(directory, 'service-accounts.pub');
  const privateFile = path.join(directory, 'service-accounts.key');
  writeFileSync(publicFile, await pemOf(keys.publicKey, 'spki', PemConverter.PublicKeyTag));
  writeFileSync(privateFile, await pemOf(keys.privateKey, 'pkcs8', PemConverter.PrivateKeyTag), {
    mode: 0o600,
  });
  return { publicFile, privateFile };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey, format: 'pkcs8' | 'spki', tag: string): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey(format, key), tag);
}

/** From a minute ago, so that a clock that is a little off does no harm. */
function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + yearMs) };
}
