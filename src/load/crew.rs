//! [`Crew`]: the engines of a load. One works in a thread of this process; where the limit on descriptors asks for more, each has a process of
//! its own, to which this one speaks in JSON, a line for each thing that is told.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    process::{self, Child, ChildStdin, Stdio},
    sync::mpsc::Sender,
    thread::{self, JoinHandle},
};

use super::{
    engine::{Command, Ear, Engine, News},
    share::Share,
};

/// What happens during a load.
#[derive(Debug)]
pub(super) enum Happening {
    /// An engine tells something.
    News(usize, News),
    /// An engine has failed, for this reason.
    Broken(usize, String),
    /// The system asks to stop, with this signal.
    Signal(&'static str),
}

/// The engines.
pub(super) struct Crew(Vec<Hand>);

/// One engine, from outside.
enum Hand {
    Thread(Ear, JoinHandle<()>),
    Process(Child, ChildStdin),
}

impl Crew {
    /// Starts an engine for each share.
    ///
    /// # Errors
    /// When a process or what an engine waits with cannot be had.
    pub(super) fn start(shares: Vec<Share>, tell: &Sender<Happening>) -> io::Result<Self> {
        match <[Share; 1]>::try_from(shares) {
            Ok([share]) => Ok(Self(vec![Hand::thread(share, tell.clone())?])),
            Err(shares) => {
                let mut crew = Self(Vec::new());
                for (number, share) in shares.iter().enumerate() {
                    crew.0.push(Hand::process(number, share, tell.clone())?);
                }
                Ok(crew)
            }
        }
    }

    /// How many engines there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells all of them something.
    pub(super) fn tell(&mut self, command: Command) {
        for hand in &mut self.0 {
            match hand {
                Hand::Thread(ear, _) => ear.tell(command),
                // One that has ended is told of as broken.
                Hand::Process(_, stdin) => drop(write_line(stdin, &command)),
            }
        }
    }

    /// Waits until all have ended.
    pub(super) fn join(self) {
        for hand in self.0 {
            match hand {
                Hand::Thread(ear, thread) => {
                    drop(ear);
                    // A panic has been told.
                    let _ = thread.join();
                }
                Hand::Process(mut child, stdin) => {
                    drop(stdin);
                    let _ = child.wait();
                }
            }
        }
    }
}

impl Hand {
    fn thread(share: Share, tell: Sender<Happening>) -> io::Result<Self> {
        let (engine, ear) = Engine::new(share)?;
        let work = move || {
            // Nobody listens any more once the load has ended.
            let mut news = |news| drop(tell.send(Happening::News(0, news)));
            if let Err(error) = engine.run(&mut news) {
                let _ = tell.send(Happening::Broken(0, error.to_string()));
            }
        };
        Ok(Self::Thread(ear, thread::Builder::new().name("readers".to_owned()).spawn(work)?))
    }

    fn process(number: usize, share: &Share, tell: Sender<Happening>) -> io::Result<Self> {
        let mut command = process::Command::new(env::current_exe()?);
        command.args(["load", "--worker"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C in a terminal reaches all of a group, and the readers are to leave when this process says so.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a process without pipes"));
        };
        write_line(&mut stdin, share)?;
        let listen = move || {
            for line in BufReader::new(stdout).lines() {
                let news = line.and_then(|line| serde_json::from_str(&line).map_err(io::Error::from));
                let happening = match news {
                    Ok(news) => Happening::News(number, news),
                    Err(error) => Happening::Broken(number, error.to_string()),
                };
                if tell.send(happening).is_err() {
                    return;
                }
            }
            let _ = tell.send(Happening::Broken(number, "its process has ended".to_owned()));
        };
        thread::Builder::new().name(format!("process {number}")).spawn(listen)?;
        Ok(Self::Process(child, stdin))
    }
}

fn write_line(out: &mut impl io::Write, value: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// What a process does that another one started: its share on the first line of standard input, then commands. The end of the input is the
/// end of the load.
///
/// # Errors
/// When its input is not that, or its engine fails.
pub(super) fn work() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin());
    let mut line = String::new();
    input.read_line(&mut line)?;
    let (engine, ear) = Engine::new(serde_json::from_str(&line)?)?;
    let listen = move || {
        for line in input.lines().map_while(Result::ok) {
            if let Ok(command) = serde_json::from_str(&line) {
                ear.tell(command);
            }
        }
        ear.tell(Command::End);
    };
    thread::Builder::new().name("commands".to_owned()).spawn(listen)?;
    let mut out = io::stdout().lock();
    // Whoever started this process sees that it has ended, and why is told on standard error.
    engine.run(&mut |news| drop(write_line(&mut out, &news)))?;
    out.flush()
}
