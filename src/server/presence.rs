//! Sockets that tell whether the client is still there while a statement runs and nobody reads.
//!
//! The connection reads and writes its socket; the server's watch ([`Gone`]) shares it and asks the
//! runtime, not the socket, whether the peer has closed its side: no system call, and unread input
//! in front of the end does not hide it.

use crate::session::Gone;
use futures::FutureExt;
use socket2::SockRef;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// A socket that its connection shares with the watch.
pub struct Shared<S>(Arc<S>);

macro_rules! shared {
    ($socket:ty) => {
        impl Shared<$socket> {
            pub fn new(socket: $socket) -> Shared<$socket> {
                Shared(Arc::new(socket))
            }

            /// Answers whether the client has closed its side.
            pub fn gone(&self) -> Gone {
                let socket = Arc::downgrade(&self.0);
                Arc::new(move || {
                    let Some(socket) = socket.upgrade() else { return true };
                    let ready = socket.ready(Interest::READABLE).now_or_never();
                    ready.is_some_and(|r| r.is_ok_and(|r| r.is_read_closed()))
                })
            }
        }

        impl AsyncRead for Shared<$socket> {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                loop {
                    ready!(self.0.poll_read_ready(cx))?;
                    match self.0.try_read(buf.initialize_unfilled()) {
                        Ok(n) => {
                            buf.advance(n);
                            return Poll::Ready(Ok(()));
                        }
                        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                        Err(e) => return Poll::Ready(Err(e)),
                    }
                }
            }
        }

        impl AsyncWrite for Shared<$socket> {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                loop {
                    ready!(self.0.poll_write_ready(cx))?;
                    match self.0.try_write(bytes) {
                        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                        written => return Poll::Ready(written),
                    }
                }
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(SockRef::from(&*self.0).shutdown(Shutdown::Write))
            }
        }
    };
}

shared!(TcpStream);
shared!(UnixStream);

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_closed_client_is_noticed_behind_its_unread_input() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut ours = Shared::<UnixStream>::new(ours);
        let gone = ours.gone();
        theirs.write_all(b"ab").await.unwrap();
        let mut byte = [0];
        ours.read_exact(&mut byte).await.unwrap();
        assert!(!gone());
        drop(theirs);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(gone());
        ours.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"b");
    }
}
