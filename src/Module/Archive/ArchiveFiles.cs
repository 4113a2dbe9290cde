using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using ArtifactSync.Errors;

namespace ArtifactSync.Archive;

/// <summary>The files of an archive on disk: names, privacy, and what can be told without SQLite.</summary>
internal static class ArchiveFiles
{
    public const string DatabaseName = "archive.db";
    private const UnixFileMode PrivateFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>What the header of the file says, without any effect on it. Null: the file is empty (an interrupted creation).</summary>
    public static (int UserVersion, int ApplicationId)? ReadHeader(string file)
    {
        Span<byte> header = stackalloc byte[100];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        var length = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (length == 0)
        {
            return null;
        }

        if (length < header.Length || !header.StartsWith("SQLite format 3\0"u8))
        {
            throw NotAnArchive(file);
        }

        return (BigEndian(header[60..]), BigEndian(header[68..]));
    }

    public static ArtifactSyncException NotAnArchive(string file) => new(
        ErrorCode.ArchiveCorrupt,
        $"'{file}' is not an archive database. Name another folder, or move the file away if it is not needed.",
        file);

    /// <summary>Makes the folder of an archive, private to the user. A folder that holds other things keeps its permissions.</summary>
    public static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            var existed = Directory.Exists(folder);
            Directory.CreateDirectory(folder);
            if (!existed || IsEmpty(folder))
            {
                MakePrivateOnWindows(folder);
            }

            return;
        }

        if (!Directory.Exists(folder))
        {
            if (Path.GetDirectoryName(folder) is { Length: > 0 } parent)
            {
                Directory.CreateDirectory(parent);
            }

            Directory.CreateDirectory(folder, PrivateFolder);
        }

        // mkdir obeys the umask, and an empty folder made by the user for this purpose is usually open to others.
        if (IsEmpty(folder) && !File.GetUnixFileMode(folder).HasFlag(UnixFileMode.StickyBit))
        {
            File.SetUnixFileMode(folder, PrivateFolder);
        }
    }

    /// <summary>An empty private file: SQLite gives the files beside it the same permissions. Another process may win: fine.</summary>
    public static void CreateDatabaseFile(string file)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = PrivateFile;
        }

        new FileStream(file, options).Dispose();
    }

    /// <summary>Takes group and others away from files that lost their privacy (restored from a copy, for instance).</summary>
    public static void MakePrivate(string databaseFile)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // inherited from the folder
        }

        foreach (var file in (ReadOnlySpan<string>)[databaseFile, databaseFile + "-wal", databaseFile + "-shm"])
        {
            try
            {
                if (File.Exists(file) && (File.GetUnixFileMode(file) & Others) != UnixFileMode.None)
                {
                    File.SetUnixFileMode(file, PrivateFile);
                }
            }
            catch (UnauthorizedAccessException)
            {
                // A file of another account that lets this one write: its privacy is its owner's affair.
            }
        }
    }

    [SupportedOSPlatform("windows")]
    private static void MakePrivateOnWindows(string folder)
    {
        var security = new DirectorySecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        using var user = WindowsIdentity.GetCurrent();
        IdentityReference[] trusted =
        [
            user.User!,
            new SecurityIdentifier(WellKnownSidType.LocalSystemSid, null),
            new SecurityIdentifier(WellKnownSidType.BuiltinAdministratorsSid, null),
        ];
        foreach (var identity in trusted)
        {
            security.AddAccessRule(new FileSystemAccessRule(
                identity,
                FileSystemRights.FullControl,
                InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit,
                PropagationFlags.None,
                AccessControlType.Allow));
        }

        new DirectoryInfo(folder).SetAccessControl(security);
    }

    private static bool IsEmpty(string folder) => !Directory.EnumerateFileSystemEntries(folder).Any();

    private static int BigEndian(ReadOnlySpan<byte> bytes) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes);
}
