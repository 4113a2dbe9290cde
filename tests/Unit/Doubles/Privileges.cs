using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ArtifactSync.Tests.Doubles;

/// <summary>What a test may need of the machine; where it is not to be had the test is skipped, visibly.</summary>
internal static partial class Privileges
{
    private const int Nobody = 65534;

    public static bool IsRoot { get; } = !OperatingSystem.IsWindows() && GetEffectiveUser() == 0;

    public static bool CanMount { get; } = ProbeMount();

    /// <summary>
    /// Runs on a thread that has only the rights of "nobody" on files: root itself passes over all modes. Without root the
    /// tests' own account serves.
    /// </summary>
    public static void RunUnprivileged(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            if (IsRoot)
            {
                _ = SetFileSystemUser(Nobody);
            }

            try
            {
                action();
            }
            catch (Exception error)
            {
                failure = error;
            }
            finally
            {
                if (IsRoot)
                {
                    _ = SetFileSystemUser(0);
                }
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    public static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors}");
        }
    }

    private static bool ProbeMount()
    {
        if (!OperatingSystem.IsLinux() || !IsRoot)
        {
            return false;
        }

        using var folder = new TempFolder();
        try
        {
            Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.Path);
            Run("umount", folder.Path);
            return true;
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    // Per thread, and with it the rights that let root pass over modes.
    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(uint user);
}

/// <summary>A mounted file system, unmounted at the end.</summary>
internal sealed class Mount : IDisposable
{
    private readonly string _path;

    private Mount(string path) => _path = path;

    public static Mount Tmpfs(string path, string options)
    {
        Privileges.Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
        return new Mount(path);
    }

    public static Mount Bind(string source, string path)
    {
        Privileges.Run("mount", "--bind", source, path);
        return new Mount(path);
    }

    public void MakeReadOnly() => Privileges.Run("mount", "-o", "remount,bind,ro", _path);

    public void Dispose() => Privileges.Run("umount", _path);
}

/// <summary>Modes, links and FIFOs.</summary>
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "needs Unix" : null;
}

public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux";
}

/// <summary>Rights of another account: root on Linux, or any account that is not root.</summary>
public sealed class PermissionFactAttribute : FactAttribute
{
    public PermissionFactAttribute() => Skip =
        OperatingSystem.IsWindows() || (Privileges.IsRoot && !OperatingSystem.IsLinux()) ? "needs modes that hold for this account" : null;
}

public sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute() => Skip = Privileges.CanMount ? null : "needs the right to mount (root on Linux)";
}
