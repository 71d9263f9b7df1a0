import { createHash } from 'node:crypto';

/** 2 to the power of this are bcrypt's rounds: some 0.1 s a guess. */
const cost = 10;

/**
 * A password by bcrypt, as Prometheus wants it. The same every time, so that nothing changes where the password has not:
 * the salt, which is no secret, comes from what is the place's own.
 * @param place by which the hashes of one password in two places differ
 */
export async function passwordHash(password: string, place: string): Promise<string> {
  // Loaded by those stacks alone that have a password.
  const { encodeBase64, hash } = await import('bcryptjs');
  const salt = encodeBase64(createHash('sha256').update(place).digest(), 16);
  return hash(password, `$2b$${cost}$${salt}`);
}
