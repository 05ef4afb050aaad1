import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../cli/local-farm/rules/call.ts';
import { expectedSignature, readSignature, sha256 } from '../../../../cli/local-farm/rules/signature.ts';

function call(
  [method, url]: [method: string, url: string],
  headers: Record<string, string>,
  body = '',
): Call {
  return { method, url, headers, body: Buffer.from(body) };
}

function verify(signed: Call, secretAccessKey: string): { given: string; expected: string } {
  const read = readSignature(signed);
  if (read === undefined) throw new Error('The call carries no signature.');
  return { given: read.signature, expected: expectedSignature(signed, read, secretAccessKey) };
}

describe('AWS’s test suite for Signature Version 4 (docs.aws.amazon.com, "Signature Version 4 test suite")', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const signed = (request: [string, string], signature: string, more: Record<string, string> = {}) => {
    const names = ['host', 'x-amz-date', ...Object.keys(more)].sort().join(';');
    return call(request, {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
      ...more,
    });
  };

  it.each([
    ['get-vanilla', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', {}],
    // Its paths stand there as they are before they are encoded for the wire.
    ['get-utf8', '/ሴ', '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85', {}],
    ['get-space', '/example space/', '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741', {}],
    [
      'get-vanilla-utf8-query',
      '/?%E1%88%B4=bar',
      '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
      {},
    ],
    [
      'get-vanilla-query-order-key-case',
      '/?Param2=value2&Param1=value1',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
      {},
    ],
    [
      'get-header-value-trim',
      '/',
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
      { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
    ],
    [
      'get-vanilla-with-session-token',
      '/',
      '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
      { 'x-amz-security-token': '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267' },
    ],
  ])('%s has the published signature', (_name, url, signature, more) => {
    const { expected } = verify(signed(['GET', url], signature, more), secret);
    expect(expected).toBe(signature);
  });
});

describe('the examples in S3’s documentation (sig-v4-header-based-auth, sigv4-query-string-auth)', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const host = 'examplebucket.s3.amazonaws.com';
  const empty = sha256('');
  const signed = (names: string, signature: string) =>
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`;
  const common = { host, 'x-amz-date': '20130524T000000Z' };

  it.each([
    [
      'GET of a range',
      call(['GET', '/test.txt'], {
        ...common,
        range: 'bytes=0-9',
        'x-amz-content-sha256': empty,
        authorization: signed(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
      }),
    ],
    [
      'PUT of an object with "$" in its key',
      call(['PUT', '/test%24file.text'], {
        ...common,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': sha256('Welcome to Amazon S3.'),
        authorization: signed(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
      }),
    ],
    [
      'GET of a bucket’s lifecycle',
      call(['GET', '/?lifecycle'], {
        ...common,
        'x-amz-content-sha256': empty,
        authorization: signed(
          'host;x-amz-content-sha256;x-amz-date',
          'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
        ),
      }),
    ],
    [
      'a list of objects',
      call(['GET', '/?max-keys=2&prefix=J'], {
        ...common,
        'x-amz-content-sha256': empty,
        authorization: signed(
          'host;x-amz-content-sha256;x-amz-date',
          '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
        ),
      }),
    ],
    [
      'a presigned URL',
      call(
        [
          'GET',
          '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
        ],
        { host },
      ),
    ],
  ])('%s has the documented signature', (_name, example) => {
    const { given, expected } = verify(example, secret);
    expect(expected).toBe(given);
  });
});
