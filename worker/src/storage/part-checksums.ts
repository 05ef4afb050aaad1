import type { S3Client } from '@aws-sdk/client-s3';

/**
 * For the beginning of an upload in parts. The SDK sends a CRC32 with each part where the client is to send checksums. S3 takes those
 * in the list of parts only where the upload was begun with them, and refuses the list with `InvalidPart` otherwise
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompletedPart.html).
 */
export async function partChecksums(client: S3Client): Promise<{ ChecksumAlgorithm?: 'CRC32' }> {
  const when = await client.config.requestChecksumCalculation();
  return when === 'WHEN_SUPPORTED' ? { ChecksumAlgorithm: 'CRC32' } : {};
}
