//! seccomp (seccomp(2)): the system calls that a running thread uses. All
//! others are refused with `EPERM`, for good: there is no `socket`, no
//! `connect`, no `bind`, no `sendmsg`, no `execve`, no `io_uring_setup`, no
//! `ptrace`, no `clone`.
//!
//! What a new feature needs is added here, with the reason, for the one kind of
//! thread that needs it. It holds for glibc and musl, x86_64 and aarch64 (which
//! lacks some of the older calls).

use super::needs::Needs;
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Failure = Box<dyn std::error::Error>;

/// For every thread, whatever the arguments are.
const ALLOWED: &[i64] = &[
    // The log, and waking another thread (an eventfd that is there already).
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_read,
    libc::SYS_close,
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads: waiting for each other, and their end.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_membarrier,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    // Signals.
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Time, where the vDSO can't tell it, and randomness.
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
];

/// Accepting connections, reading and writing them, and the poll. `getsockname`
/// is for the local address of an accepted connection.
const FOR_CONNECTIONS: &[i64] = &[
    libc::SYS_accept4,
    libc::SYS_getsockname,
    libc::SYS_recvfrom,
    libc::SYS_shutdown,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_ppoll,
];

/// Seeking in files and listing directories that are open already.
const FOR_OPEN_FILES: &[i64] = &[libc::SYS_getdents64, libc::SYS_lseek];

/// Only where files are to be read again; Landlock says which.
const FOR_READING_AGAIN: &[i64] =
    &[libc::SYS_fstat, libc::SYS_lseek, libc::SYS_newfstatat, libc::SYS_statx];

/// Only where files are to be written; Landlock says where.
const FOR_WRITING: &[i64] =
    &[libc::SYS_fchmod, libc::SYS_fsync, libc::SYS_openat, libc::SYS_renameat, libc::SYS_renameat2];

/// Only where there is a database (SQLite): reading and writing at a place, locks, and
/// the files beside it.
const FOR_DATABASE: &[i64] = &[
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fchown,
    libc::SYS_fcntl,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_getcwd,
    libc::SYS_geteuid,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_readlinkat,
    libc::SYS_unlinkat,
];

/// Calls that aarch64 never had.
#[cfg(target_arch = "x86_64")]
mod old {
    pub(super) const ALLOWED: &[i64] = &[libc::SYS_time];
    pub(super) const FOR_CONNECTIONS: &[i64] = &[libc::SYS_epoll_wait, libc::SYS_poll];
    pub(super) const FOR_WRITING: &[i64] = &[libc::SYS_open, libc::SYS_rename];
    pub(super) const FOR_DATABASE: &[i64] =
        &[libc::SYS_access, libc::SYS_lstat, libc::SYS_readlink, libc::SYS_stat, libc::SYS_unlink];
}
#[cfg(not(target_arch = "x86_64"))]
mod old {
    pub const ALLOWED: &[i64] = &[];
    pub const FOR_CONNECTIONS: &[i64] = &[];
    pub const FOR_WRITING: &[i64] = &[];
    pub const FOR_DATABASE: &[i64] = &[];
}

/// Refuses all other system calls to the calling thread.
///
/// # Errors
/// An architecture that the library doesn't know, or the kernel's error.
pub(super) fn close(needs: &Needs) -> Result<(), Failure> {
    seccompiler::apply_filter(&program(needs)?)?;
    Ok(())
}

fn program(needs: &Needs) -> Result<BpfProgram, Failure> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(rules(needs)?, refused, SeccompAction::Allow, arch)?;
    Ok(filter.try_into()?)
}

fn rules(needs: &Needs) -> Result<Rules, Failure> {
    let mut rules = Rules::new();
    always(&mut rules, ALLOWED);
    always(&mut rules, old::ALLOWED);
    // No memory becomes executable.
    let run = libc::PROT_EXEC as u64;
    only(&mut rules, libc::SYS_mmap, &[(2, Dword, run, 0)])?;
    only(&mut rules, libc::SYS_mprotect, &[(2, Dword, run, 0)])?;
    // `abort` ends this process, and no other.
    let this = u64::from(std::process::id());
    only(&mut rules, libc::SYS_tgkill, &[(0, Dword, MASK_OF_DWORD, this)])?;
    if needs.connections {
        for_connections(&mut rules)?;
    }
    if needs.open_files {
        always(&mut rules, FOR_OPEN_FILES);
    }
    if !needs.read_again.is_empty() || !needs.write_in.is_empty() {
        always(&mut rules, FOR_READING_AGAIN);
        let writes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;
        only(&mut rules, libc::SYS_openat, &[(2, Dword, writes as u64, 0)])?;
        #[cfg(target_arch = "x86_64")]
        only(&mut rules, libc::SYS_open, &[(1, Dword, writes as u64, 0)])?;
    }
    if needs.database.is_some() {
        always(&mut rules, FOR_READING_AGAIN);
        always(&mut rules, FOR_DATABASE);
        always(&mut rules, old::FOR_DATABASE);
    }
    if needs.priority {
        // `PRIO_PROCESS`, 0: of the calling thread, and of no other.
        let own = [(0, Dword, MASK_OF_DWORD, 0), (1, Dword, MASK_OF_DWORD, 0)];
        only(&mut rules, libc::SYS_setpriority, &own)?;
    }
    if !needs.write_in.is_empty() || needs.database.is_some() {
        always(&mut rules, FOR_WRITING);
        always(&mut rules, old::FOR_WRITING);
    }
    Ok(rules)
}

fn for_connections(rules: &mut Rules) -> Result<(), Failure> {
    always(rules, FOR_CONNECTIONS);
    always(rules, old::FOR_CONNECTIONS);
    // `sendto` only on a connected socket: no address, and no fast open, which
    // would connect.
    let fast_open = MASK_OF_DWORD & libc::MSG_FASTOPEN as u64;
    only(rules, libc::SYS_sendto, &[(4, Qword, u64::MAX, 0), (3, Dword, fast_open, 0)])?;
    // `mio` reads a socket's pending error.
    let (level, option) = (libc::SOL_SOCKET as u64, libc::SO_ERROR as u64);
    let asked = [(1, Dword, MASK_OF_DWORD, level), (2, Dword, MASK_OF_DWORD, option)];
    only(rules, libc::SYS_getsockopt, &asked)
}

fn always(rules: &mut Rules, calls: &[i64]) {
    rules.extend(calls.iter().map(|&call| (call, Vec::new())));
}

const MASK_OF_DWORD: u64 = u32::MAX as u64;

/// An argument, its width, a mask, and the value wanted of the masked argument.
type Wanted = (u8, seccompiler::SeccompCmpArgLen, u64, u64);

fn condition(
    (argument, width, mask, value): Wanted,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    let operator = if mask == u64::MAX { Eq } else { MaskedEq(mask) };
    SeccompCondition::new(argument, width, operator, value)
}

/// Allows a call where each argument named in `wanted` has, masked, its value.
fn only(rules: &mut Rules, call: i64, wanted: &[Wanted]) -> Result<(), Failure> {
    let conditions = wanted.iter().cloned().map(condition).collect::<Result<Vec<_>, _>>()?;
    rules.insert(call, vec![SeccompRule::new(conditions)?]);
    Ok(())
}
