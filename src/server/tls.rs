//! TLS: the server's certificate and key, read once at start, and what a handshake agreed on.

use super::wire::Transport;
use crate::session::Encryption;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{CipherSuite, ProtocolVersion, ServerConfig, ServerConnection};
use tokio_rustls::server::TlsStream;

/// The ALPN name that PostgreSQL clients with direct TLS negotiate.
const ALPN: &[u8] = b"postgresql";

/// Makes sockets encrypted.
pub struct Acceptor {
    inner: TlsAcceptor,
    /// See [`Tls::end_point`].
    end_point: Option<Arc<[u8]>>,
}

/// An encrypted connection.
#[derive(Clone)]
pub struct Tls {
    pub encryption: Encryption,
    /// The certificate's hash, which SCRAM binds a proof to (RFC 5929, `tls-server-end-point`);
    /// `None`: its signature's algorithm has no hash of its own, so there is no such binding.
    pub end_point: Option<Arc<[u8]>>,
}

impl Acceptor {
    /// From a PEM certificate chain and its PEM private key; a sentence on failure.
    pub fn new(certificate: &Path, key: &Path) -> Result<Acceptor, String> {
        let describe = |path: &Path, e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
            .map_err(|e| describe(certificate, &e))?;
        let Some(own) = chain.first() else {
            return Err(describe(certificate, &"the file holds no certificate"));
        };
        let end_point = end_point(own).map(Arc::from);
        let private_key = PrivateKeyDer::from_pem_file(key).map_err(|e| describe(key, &e))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private_key))
            .map_err(|e| describe(certificate, &e))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Acceptor { inner: TlsAcceptor::from(Arc::new(config)), end_point })
    }

    /// The handshake.
    pub async fn accept(
        &self,
        plain: Box<dyn Transport>,
    ) -> io::Result<(TlsStream<Box<dyn Transport>>, Tls)> {
        let stream = self.inner.accept(plain).await?;
        let encryption = encryption(stream.get_ref().1);
        Ok((stream, Tls { encryption, end_point: self.end_point.clone() }))
    }
}

/// What was agreed on, in the words of OpenSSL, which pg_stat_ssl shows.
fn encryption(connection: &ServerConnection) -> Encryption {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3",
    };
    let suite = connection.negotiated_cipher_suite().map(|suite| suite.suite());
    let (cipher, bits) = suite.map_or(("", 0), cipher);
    Encryption { version, cipher, bits }
}

/// OpenSSL's name of a cipher suite, and its key's bits: all those that rustls with ring speaks.
fn cipher(suite: CipherSuite) -> (&'static str, i32) {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => ("TLS_AES_128_GCM_SHA256", 128),
        CipherSuite::TLS13_AES_256_GCM_SHA384 => ("TLS_AES_256_GCM_SHA384", 256),
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => ("TLS_CHACHA20_POLY1305_SHA256", 256),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => {
            ("ECDHE-ECDSA-AES128-GCM-SHA256", 128)
        }
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => {
            ("ECDHE-ECDSA-AES256-GCM-SHA384", 256)
        }
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => {
            ("ECDHE-ECDSA-CHACHA20-POLY1305", 256)
        }
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => ("ECDHE-RSA-AES128-GCM-SHA256", 128),
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => ("ECDHE-RSA-AES256-GCM-SHA384", 256),
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => {
            ("ECDHE-RSA-CHACHA20-POLY1305", 256)
        }
        _ => ("", 0),
    }
}

/// The certificate's hash by its signature's own hash function, SHA-256 in place of MD5 and SHA-1
/// (RFC 5929, 4.1). As in PostgreSQL 15, there is none for signatures without one (Ed25519) or with
/// a hash among their parameters (RSASSA-PSS).
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    // Object identifiers: 1.2.840.113549.1.1.n of RSA, 1.2.840.10045.4.(1 | 3.n) of ECDSA.
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
    let algorithm = signature_algorithm(certificate)?;
    let rsa = algorithm.strip_prefix(RSA);
    match (rsa, algorithm.strip_prefix(ECDSA)) {
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => {
            Some(Sha256::digest(certificate).to_vec())
        }
        (Some([14]), _) | (_, Some([3, 1])) => Some(Sha224::digest(certificate).to_vec()),
        (Some([12]), _) | (_, Some([3, 3])) => Some(Sha384::digest(certificate).to_vec()),
        (Some([13]), _) | (_, Some([3, 4])) => Some(Sha512::digest(certificate).to_vec()),
        _ => None,
    }
}

/// The object identifier in `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE
/// { algorithm OBJECT IDENTIFIER, … }, … }` (RFC 5280, 4.1).
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    let (fields, _) = der(certificate, SEQUENCE)?;
    let (_, after_body) = der(fields, SEQUENCE)?;
    let (algorithm, _) = der(after_body, SEQUENCE)?;
    der(algorithm, OBJECT_IDENTIFIER).map(|(identifier, _)| identifier)
}

/// The content of the DER value of this tag that `bytes` begin with, and what follows it.
fn der(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        short @ 0..0x80 => (usize::from(short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length = digits.iter().try_fold(0_usize, |length, digit| {
                Some(length.checked_mul(256)? + usize::from(*digit))
            });
            (length?, rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SEQUENCE { SEQUENCE {}, SEQUENCE { OID } }`: what is read of a certificate.
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let length = |n: usize| u8::try_from(n).unwrap();
        let oid = [&[0x06, length(oid.len())], oid].concat();
        let algorithm = [&[0x30, length(oid.len())], oid.as_slice()].concat();
        let fields = [&[0x30, 0], algorithm.as_slice()].concat();
        [&[0x30, 0x81, length(fields.len())], fields.as_slice()].concat()
    }

    #[test]
    fn certificates_are_hashed_as_they_were_signed() {
        let hash_bytes = |oid: &[u8]| end_point(&certificate(oid)).map(|hash| hash.len());
        let rsa = |n| [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n];
        assert_eq!([4, 5, 11].map(|n| hash_bytes(&rsa(n))), [Some(32); 3]);
        assert_eq!([14, 12, 13].map(|n| hash_bytes(&rsa(n))), [Some(28), Some(48), Some(64)]);
        assert_eq!(hash_bytes(&rsa(10)), None, "RSASSA-PSS");
        assert_eq!(hash_bytes(&[0x2b, 0x65, 0x70]), None, "Ed25519");
        assert_eq!(hash_bytes(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]), Some(48));
    }

    #[test]
    fn what_is_no_certificate_has_no_hash() {
        let whole = certificate(&[0x2b]);
        for end in 0..whole.len() {
            assert_eq!(end_point(&whole[..end]), None);
        }
        assert_eq!(end_point(&[0x30, 0xff]), None);
        assert_eq!(end_point(&[&[0x30, 0x89], [0xff; 9].as_slice()].concat()), None);
    }
}
