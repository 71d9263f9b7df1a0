import { type Metadata as GrpcMetadata, Metadata, status } from '@grpc/grpc-js';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { toStruct, type PropertyMap } from './properties';

/** The object exists, but did not become ready; the engine keeps it in the state and goes on with it next time. */
export class InitFailedError extends Error {
  constructor(
    public readonly id: string,
    message: string,
    /** Why it is not ready, each a line of its own. */
    public readonly reasons: string[],
    public readonly outputs: PropertyMap,
    public readonly inputs?: PropertyMap,
  ) {
    super(message);
  }
}

export interface GrpcError {
  readonly code: status;
  readonly details: string;
  readonly metadata: GrpcMetadata;
}

/** An error in the form that reaches the engine with its message, and with its details where it has some. */
export function toGrpcError(error: unknown): GrpcError {
  const metadata = new Metadata();
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof InitFailedError) {
    const detail = new ErrorResourceInitFailed()
      .setId(error.id)
      .setProperties(toStruct(error.outputs))
      .setReasonsList([error.message, ...error.reasons]);
    if (error.inputs) detail.setInputs(toStruct(error.inputs));
    const packed = new Any();
    packed.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
    const full = new Status().setCode(status.UNKNOWN).setMessage(message).setDetailsList([packed]);
    // The one place where gRPC carries structured details.
    metadata.add('grpc-status-details-bin', Buffer.from(full.serializeBinary()));
  }
  return { code: status.UNKNOWN, details: message, metadata };
}
