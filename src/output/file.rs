//! Where results go: standard output, or a file that appears whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Runs `write` on standard output, or on the file at `path`, which is replaced only once everything is written.
///
/// # Errors
/// Those of `write` and of the file system; the file at `path` is then as it was.
pub fn write_to(
    path: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let Some(path) = path else {
        return through(io::stdout().lock(), write);
    };
    match fs::metadata(path) {
        // A pipe or device cannot be replaced, only written to.
        Ok(there) if !there.is_file() => {
            through(fs::OpenOptions::new().write(true).open(path)?, write)
        }
        Ok(there) => {
            // The folder alone decides on replacing; a file that may not be written to stays as it is.
            drop(fs::OpenOptions::new().write(true).open(path)?);
            replace(&fs::canonicalize(path)?, Some(there.permissions()), write)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            replace(&end_of_links(path), None, write)
        }
        Err(error) => Err(error),
    }
}

/// Where a link to nothing yet points, as writing through it would make the file there.
fn end_of_links(path: &Path) -> PathBuf {
    /// As many as Linux follows.
    const LINKS: usize = 40;
    let mut end = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&end) else {
            break;
        };
        end = end.parent().unwrap_or(Path::new("")).join(target);
    }
    end
}

fn through(
    stream: impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut stream = BufWriter::with_capacity(1 << 16, stream);
    write(&mut stream)?;
    stream.flush()
}

fn replace(
    path: &Path,
    permissions: Option<fs::Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = Half::new(folder, permissions.is_some())?;
    through(file.file(), write)?;
    if let Some(permissions) = permissions {
        file.file().set_permissions(plain(permissions))?;
    }
    file.file().sync_all()?;
    file.persist(folder, path)
}

/// A file that is being written. Where the system can, it has no name until it is whole, so that nothing is left of it
/// however the program ends.
enum Half {
    #[cfg(target_os = "linux")]
    Unnamed(fs::File),
    Named(NamedTempFile),
}

impl Half {
    fn new(folder: &Path, replaces: bool) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed(folder) {
            return Ok(Self::Unnamed(file));
        }
        let mut builder = names();
        // A temporary file is private by default; the result should be like any other new file.
        #[cfg(unix)]
        if !replaces {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let made = builder.tempfile_in(folder);
        made.map(Self::Named)
            .map_err(|error| not_made(folder, replaces, error))
    }

    fn file(&self) -> &fs::File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }

    fn persist(self, folder: &Path, path: &Path) -> io::Result<()> {
        match self {
            // A link cannot take the place of a file, only a name can.
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => {
                let named = names().make_in(folder, |name| link(&file, name))?;
                named.persist(path).map_err(|failed| failed.error)
            }
            Self::Named(file) => file.persist(path).map(drop).map_err(|failed| failed.error),
        }
    }
}

/// How a file is called while it is written.
fn names() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".lossoffset-").suffix(".part");
    builder
}

/// A file without a name in a folder, where the file system knows such and `link` can name it.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<fs::File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)).ok()?;
    let file = fs::File::from(file);
    fs::metadata(by_number(&file)).ok().map(|_| file)
}

/// Gives a file its name.
#[cfg(target_os = "linux")]
fn link(file: &fs::File, name: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    let flags = AtFlags::SYMLINK_FOLLOW;
    Ok(rustix::fs::linkat(CWD, by_number(file), CWD, name, flags)?)
}

/// The path under which the system shows an open file.
#[cfg(target_os = "linux")]
fn by_number(file: &fs::File) -> PathBuf {
    use std::os::fd::AsRawFd;
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Who may read, write and run a file, without bits that would run it as another user.
#[cfg(unix)]
fn plain(permissions: fs::Permissions) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(permissions.mode() & 0o777)
}

/// Who may read, write and run a file.
#[cfg(not(unix))]
fn plain(permissions: fs::Permissions) -> fs::Permissions {
    permissions
}

/// Why the temporary file cannot be made, of which the user knows nothing.
fn not_made(folder: &Path, replaces: bool, error: io::Error) -> io::Error {
    let error = without_path(error);
    if error.kind() != io::ErrorKind::PermissionDenied {
        return error;
    }
    let folder = folder.display();
    let why = if replaces {
        ", as it takes to replace one"
    } else {
        ""
    };
    let message = format!("no permission to make a file in the folder `{folder}`{why}");
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

/// The error of the system itself, where it names a temporary file that the user knows nothing of.
fn without_path(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|named| named.source());
    let inner = inner.and_then(|inner| inner.downcast_ref::<io::Error>());
    match inner.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        write_to(Some(&path), |out| out.write_all(b"first")).unwrap();
        let failed = write_to(Some(&path), |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_to(Some(&path), |out| out.write_all(b"second")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_is_seen_of_a_file_before_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let seen = || fs::read_dir(folder.path()).unwrap().count();
        let path = folder.path().join("results.csv");
        let before = usize::from(unnamed(folder.path()).is_none());
        write_to(Some(&path), |out| {
            assert_eq!(seen(), before);
            out.write_all(b"whole")
        })
        .unwrap();
        assert_eq!((seen(), fs::read(&path).unwrap()), (1, b"whole".to_vec()));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_yet_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("middle", at("link")).unwrap();
        std::os::unix::fs::symlink("end", at("middle")).unwrap();
        write_to(Some(&at("link")), |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(at("end")).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_written_to_is_not_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        // The superuser may write to any file.
        let may = fs::OpenOptions::new().write(true).open(&path).is_ok();
        let written = write_to(Some(&path), |out| out.write_all(b"new"));
        let expected = if may { "new" } else { "old" };
        assert_eq!(written.is_ok(), may);
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_link_its_place() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_to(Some(&link), |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640);
    }
}
