import { isMap, mapsAt, numberAt, textAt, type PropertyMap } from '../provider/properties';

/** The API server's refusal of a request. */
export class ApiError extends Error {
  constructor(
    /** HTTP status. */
    public readonly code: number,
    /** The `Status` object that came with it, or an empty one. */
    public readonly status: PropertyMap,
    message: string,
  ) {
    super(message);
  }

  /** Machine-readable reason, such as `AlreadyExists`. */
  get reason(): string {
    return textAt(this.status, 'reason') ?? '';
  }

  get notFound(): boolean {
    return this.code === 404;
  }

  get alreadyExists(): boolean {
    return this.code === 409 && this.reason === 'AlreadyExists';
  }

  get conflict(): boolean {
    return this.code === 409 && this.reason === 'Conflict';
  }

  get forbidden(): boolean {
    return this.code === 403;
  }

  get invalid(): boolean {
    return this.code === 422;
  }

  /** True where the object's namespace does not exist. */
  get namespaceNotFound(): boolean {
    return this.notFound && textAt(this.status, 'details', 'kind') === 'namespaces';
  }

  /** Paths, such as `spec.selector`, of the fields that may not change after the object's creation. */
  get immutableFields(): string[] {
    if (!this.invalid) return [];
    return mapsAt(this.status, 'details', 'causes')
      .filter((cause) => textAt(cause, 'message')?.includes('field is immutable') === true)
      .map((cause) => textAt(cause, 'field') ?? '')
      .filter((field) => field !== '');
  }
}

/** No answer came: the server is away, refuses the connection, or its certificate is not trusted. */
export class UnreachableError extends Error {}

/** The API server serves no such kind. */
export class NoSuchKindError extends Error {}

/** The error for an answer that is not a success. */
export function apiError(code: number, body: string): ApiError {
  let status: unknown;
  try {
    status = JSON.parse(body);
  } catch {
    status = {};
  }
  const fields = isMap(status as PropertyMap) ? (status as PropertyMap) : {};
  const message = textAt(fields, 'message') ?? (body.trim().slice(0, 500) || `HTTP status ${code}`);
  return new ApiError(numberAt(fields, 'code') ?? code, fields, message);
}
