//! SIGTERM and SIGINT. The first process of a container has no default for them: without a handler it could only be killed.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    /// Of the C library that the standard library is linked to anyway.
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
}

extern "C" fn remember(_number: c_int) {
    ASKED.store(true, Ordering::SeqCst);
}

/// From now on SIGTERM and SIGINT do nothing but make [`asked`] true.
pub fn listen() {
    const SIGINT: c_int = 2;
    const SIGTERM: c_int = 15;
    // SAFETY: the handler stores to an atomic and does nothing else, which a signal handler may do.
    unsafe {
        signal(SIGINT, remember);
        signal(SIGTERM, remember);
    }
}

/// Whether this process was asked to end.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
