//! A guest of iisnode: a process, started as iisnode starts it (iisnode cnodeprocess.cpp:143-185, 417-448).

use std::{io, os::windows::ffi::OsStrExt, ptr};

use windows_sys::Win32::{
    Foundation::{CloseHandle, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0},
    Security::SECURITY_ATTRIBUTES,
    Storage::FileSystem::{CreateFileW, FILE_SHARE_READ, FILE_SHARE_WRITE, OPEN_EXISTING},
    System::Threading::{
        CREATE_UNICODE_ENVIRONMENT, CreateProcessW, DETACHED_PROCESS, GetExitCodeProcess, INFINITE,
        PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOW, TerminateProcess, WaitForSingleObject,
    },
};

/// A running process.
pub(crate) struct Guest {
    process: HANDLE,
    id: u32,
}

// SAFETY: a process handle may be used by any thread.
unsafe impl Send for Guest {}
// SAFETY: as above, and by several at once.
unsafe impl Sync for Guest {}

impl Guest {
    /// Starts a command line as it stands, with these variables (and a name may stand there twice), with no standard
    /// input and with an output that leads nowhere. iisnode's guests have no console, so that no Ctrl-C reaches them;
    /// `console` gives them one.
    pub(crate) fn launch(
        folder: &str,
        command_line: &str,
        variables: &[String],
        console: bool,
    ) -> io::Result<Self> {
        let mut command_line = wide(command_line);
        let folder = wide(folder);
        let mut block: Vec<u16> = variables.iter().flat_map(|variable| wide(variable)).collect();
        block.push(0);
        let nowhere = open_nowhere()?;
        let startup = STARTUPINFOW {
            cb: size_of::<STARTUPINFOW>() as u32,
            dwFlags: STARTF_USESTDHANDLES,
            hStdInput: INVALID_HANDLE_VALUE,
            hStdOutput: nowhere,
            hStdError: nowhere,
            ..Default::default()
        };
        let mut started = PROCESS_INFORMATION::default();
        // SAFETY: all texts end with a zero, the block with two; everything outlives the call, and the command
        // line may be written to.
        let done = unsafe {
            CreateProcessW(
                ptr::null(),
                command_line.as_mut_ptr(),
                ptr::null(),
                ptr::null(),
                1,
                CREATE_UNICODE_ENVIRONMENT | if console { 0 } else { DETACHED_PROCESS },
                block.as_ptr().cast(),
                folder.as_ptr(),
                &startup,
                &mut started,
            )
        };
        let result = if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
        // SAFETY: the handle is ours and not used again.
        unsafe { CloseHandle(nowhere) };
        result?;
        // SAFETY: as above.
        unsafe { CloseHandle(started.hThread) };
        Ok(Self { process: started.hProcess, id: started.dwProcessId })
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Waits for the end and returns the exit code.
    pub(crate) fn wait(&self) -> io::Result<u32> {
        let mut code = 0;
        // SAFETY: the handle is open for as long as `self` lives.
        let done = unsafe {
            WaitForSingleObject(self.process, INFINITE) == WAIT_OBJECT_0
                && GetExitCodeProcess(self.process, &mut code) != 0
        };
        if done { Ok(code) } else { Err(io::Error::last_os_error()) }
    }

    /// Ends it as iisnode does: at once, without a word (iisnode cnodeprocess.cpp:12-20).
    pub(crate) fn terminate(&self) {
        // SAFETY: the handle is open for as long as `self` lives. That it has ended already is no error of ours.
        unsafe { TerminateProcess(self.process, 2) };
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and not used again.
        unsafe { CloseHandle(self.process) };
    }
}

/// The device NUL, for a child to inherit.
fn open_nowhere() -> io::Result<HANDLE> {
    let inherited = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: ptr::null_mut(),
        bInheritHandle: 1,
    };
    let name = wide("NUL");
    // SAFETY: name and attributes outlive the call.
    let handle = unsafe {
        CreateFileW(
            name.as_ptr(),
            GENERIC_WRITE,
            FILE_SHARE_READ | FILE_SHARE_WRITE,
            &inherited,
            OPEN_EXISTING,
            0,
            ptr::null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE { Err(io::Error::last_os_error()) } else { Ok(handle) }
}

/// A text as Windows takes it: UTF-16, with a zero at the end.
fn wide(text: &str) -> Vec<u16> {
    std::ffi::OsStr::new(text).encode_wide().chain([0]).collect()
}
