import { describe, expect, it } from 'vitest';
import { certificateOf, trustedKey } from '../../src/providers/primitives/certificate.ts';

/** Made with openssl, the keys thrown away: the root issued the middle one, that the leaf, and the leaf, which is no authority, one more. */
const pem = {
  root: `-----BEGIN CERTIFICATE-----
MIIBZDCCAQqgAwIBAgIUaPet/qEKzKo/Qb+r/uwoS5aEFLAwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEcm9vdDAgFw0yNjExMjUxOTUxMjhaGA8yMTI2MTEwMTE5NTEy
OFowDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMUK
XhchDBRl0GP+MmqMdZIvGtCGQj8fJ49LSr5q1Av4HABKT+rJWuGJIY4AzuW9JiN2
VklbENywyk/Dt8jhxcWjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQD
AgIEMB0GA1UdDgQWBBSx/MuFlkdUBaQTz9NVrPS456VYvTAKBggqhkjOPQQDAgNI
ADBFAiEA2nvr6j0zJ+8kXdKkDmac6CjI+xF7/pp0FgdLF4BDS5sCIE94SOrz26eg
LXi0FDQ0XzcCJDs7Tlx7NwSzr5As+O4q
-----END CERTIFICATE-----`,
  middle: `-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgICEAEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdDAg
Fw0yNjExMjUxOTUxMjhaGA8yMTI2MTEwMTE5NTEyOFowETEPMA0GA1UEAwwGbWlk
ZGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtt458DZfAkHFto4eXigYwTmE
UF3u+nohtw+GkC1jEFjYCpXEgM/50p+4q8ZqaUDyADFFtipZDZQgtOxE4mD7YaNj
MGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFGWV
Njve1YIeFEIMoO9fTsvbE1g1MB8GA1UdIwQYMBaAFLH8y4WWR1QFpBPP01Ws9Ljn
pVi9MAoGCCqGSM49BAMCA0cAMEQCIA3D2Hxi5yZM+G7kuXBrR56hi2Y890axy2mJ
DcwFH08nAiBSWN4nAKfFsYoKqG9oqid1LwjeA9rKO++U+GGNci6yKw==
-----END CERTIFICATE-----`,
  leaf: `-----BEGIN CERTIFICATE-----
MIICKzCCAdCgAwIBAgICEAIwCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGbWlkZGxl
MCAXDTI2MTEyNTE5NTEyOFoYDzIxMjYxMTAxMTk1MTI4WjAPMQ0wCwYDVQQDDARs
ZWFmMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1I2SbnNL+pRlBayk
OCGHUdD8Y1aGOd2z35C//Oqg41BXZFQEmsAmWJp/HwxmxH/4Bw6ejVbiglD2rKIO
zU4KTvcEgm0oq3EavpR3WOwsHaxZS3WWHxuh1ZZTf9k9m45gDDv7u4XLiiUD0uMv
GnivEgMkWXoDDiE46V6ca2pNcyUUiMHoyQ/sh0FpmZOki60r6HCyCHSzI+PYiSZe
htm5xEWCQgHFDUZS4V85sPTvjxb5cHCr1Talg3iLBFBfqJ3tG5FQ2IZAUgd46/6S
LN6N1udDV/V/tORnibyXrX3tqNBNaYZTHtsjOMBv9emEbVqVFqwdomK52ryYB1Wk
XQrO+QIDAQABo00wSzAJBgNVHRMEAjAAMB0GA1UdDgQWBBR0Q8sjQ3PkSEdvn5kc
CUlOSoJJWzAfBgNVHSMEGDAWgBRllTY73tWCHhRCDKDvX07L2xNYNTAKBggqhkjO
PQQDAgNJADBGAiEA3cg1ycQj4ojbFq5Pb3K3HCPpthATeIxsaEuTw/PIzBcCIQDA
+r4WqmGuLZeDoFRshsT7vFDvIM49+Vsf3lVINUmc9w==
-----END CERTIFICATE-----`,
  sub: `-----BEGIN CERTIFICATE-----
MIIC6DCCAdCgAwIBAgICEAMwDQYJKoZIhvcNAQELBQAwDzENMAsGA1UEAwwEbGVh
ZjAgFw0yNjExMjUxOTUxMjlaGA8yMTI2MTEwMTE5NTEyOVowDjEMMAoGA1UEAwwD
c3ViMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzyH5Nde57IbszmSY
8hTTGWnj8BeWS5Hb6qfmccsr0tGdllP8AgxA3zecpNQAK82VF91QOUaWQ/2hV7kO
k6voD9aITXX6StkjF/cJ2wf71jU3aUBihKcFTc8ZFry4J72p/9oDxKtgJ6AB5asZ
xSGASWs5vkzneHluGoRKZTTi0oxK8Aq1zwMQ4sKD6gZyqZXMgi9lrpiWrG1of/fF
YgVivj4RnUsKtnHjghdTKUO0ZovI/JVIZhHdI651gRplC0rGzrrXfbpl0fC+XBLm
Cqea1sashL+T9ASlXSng60ekMkJqAH0no/mL0i0c5AVmFz4oHhv/MqC07PM5SWSW
TX2RawIDAQABo00wSzAJBgNVHRMEAjAAMB0GA1UdDgQWBBQZMkyQ1iARVK43duAD
9+5lOxRfizAfBgNVHSMEGDAWgBR0Q8sjQ3PkSEdvn5kcCUlOSoJJWzANBgkqhkiG
9w0BAQsFAAOCAQEAsG7skqjGPpKJ9w6+8iX7NFpoETPpFUtCELg00cRhFurQOcF5
ea91BgSEVnx99tNxMQ1GbUojQcTYicZdCIQM0AUMmy/o8Q2W51DBOUFBQLHT+b5x
dKbn4xZjnLIODODc+tBDLYpMx8gHO7OP0r845cw7ED/Sy7JqfQbxJ89DXnFQtfNF
VXXsWLrfW/DlcR2s0lUYbwwPkPJ8seZWlCdL54rYMpPZSylKm3uho387eVidQJ4U
OIk9Qf/haOkWCmlv1BO2x8c1JVzO1g+jurlNSseVrjcfe6jdFPdXH32g5ZJDoVcl
Y54ToNLTRrOQhzLBrEMyJeNNBvi5oWesIri6/A==
-----END CERTIFICATE-----`,
};
const [root, middle, leaf, sub] = [pem.root, pem.middle, pem.leaf, pem.sub].map(certificateOf);
const now = Date.parse('2030-01-01T00:00:00Z');
const trust = (certificate: typeof leaf, pinned: readonly (typeof leaf)[], at = now) => {
  const found = trustedKey(
    certificate ?? certificateOf(''),
    pinned.flatMap((one) => one ?? []),
    at,
  );
  return 'why' in found ? found.why : found.key.asymmetricKeyType;
};

describe('a certificate', () => {
  it('counts if its issuer is pinned, with or without the root, in any order', () => {
    expect(trust(leaf, [middle])).toBe('rsa');
    expect(trust(leaf, [root, middle])).toBe('rsa');
    expect(trust(leaf, [middle, root])).toBe('rsa');
  });

  it('does not count if only its issuer’s issuer is pinned, or nothing', () => {
    expect(trust(leaf, [root])).toBe('certificate 1002 is issued by none of the pinned ones');
    expect(trust(leaf, [])).toBe('certificate 1002 is issued by none of the pinned ones');
    expect(trust(leaf, [leaf])).toBe('certificate 1002 is issued by none of the pinned ones');
  });

  it('does not count if one that is no authority issued it', () => {
    expect(trust(sub, [root, middle, leaf])).toBe('certificate 1003 is issued by none of the pinned ones');
  });

  it('does not count before or after its time', () => {
    expect(trust(leaf, [middle], 0)).toBe('certificate 1002 is not valid at this time');
    expect(trust(leaf, [middle], Date.parse('2200-01-01T00:00:00Z'))).toBe(
      'certificate 1002 is not valid at this time',
    );
  });

  it('does not count with a key that is not RSA', () => {
    expect(trust(middle, [root])).toBe('certificate 1001 holds no RSA key of at least 2048 bits');
  });
});
