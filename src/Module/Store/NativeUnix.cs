using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Store;

/// <summary>The few calls of libc that .NET has no name for, on Linux and macOS alike.</summary>
internal static partial class NativeUnix
{
    public const int NotPermitted = 1, NoEntry = 2, IOError = 5, AccessDenied = 13, Exists = 17, CrossDevice = 18, NotDirectory = 20,
        Invalid = 22, NoSpace = 28, ReadOnly = 30, TooManyLinks = 31;

    private static readonly int CloseOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>A handle for flushing a directory; .NET itself refuses to open one.</summary>
    public static SafeFileHandle OpenDirectory(string path)
    {
        var descriptor = Open(path, CloseOnExec);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw FileStat.Failure(Marshal.GetLastPInvokeError(), path);
    }

    /// <summary>0 or the errno.</summary>
    public static int TryLink(string existing, string created) => Link(existing, created) == 0 ? 0 : Marshal.GetLastPInvokeError();

    // Only the two fixed arguments of the variadic function are used, so no calling convention is hurt.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string created);
}
