using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Live;

/// <summary>Exchanges in a process of their own whose user may not pass over the modes of files.</summary>
internal static class OrdinaryUser
{
    private const string Nobody = "65534";

    private static readonly string Child = Path.Combine(AppContext.BaseDirectory, "ArtifactSync.Crasher.dll");

    /// <summary>Root needs a way to be somebody else.</summary>
    public static bool IsAvailable { get; } = !OperatingSystem.IsWindows() && (!Privileges.IsRoot || File.Exists("/usr/bin/setpriv"));

    /// <summary>Exit code and, when it failed, status and code of the run.</summary>
    public static (int Exit, string Message) Exchange(string archive, string share)
    {
        string[] command = ["dotnet", Child, archive, share, "0"];
        if (Privileges.IsRoot)
        {
            command = ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups", .. command];
        }

        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        _ = output.Result;
        return (process.ExitCode, error.Trim());
    }

    /// <summary>Gives the files of a folder to the user of the exchanges.</summary>
    public static void Give(string folder)
    {
        if (Privileges.IsRoot)
        {
            Privileges.Run("chown", "-R", string.Create(CultureInfo.InvariantCulture, $"{Nobody}:{Nobody}"), folder);
        }
    }

    public static void Mode(string path, string mode) => Privileges.Run("chmod", mode, path);
}

/// <summary>A test of the recordings for which modes of files must count.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OrdinaryUserFactAttribute : FactAttribute
{
    public OrdinaryUserFactAttribute()
    {
        if (Golden.Folder is null)
        {
            Skip = Golden.Missing;
        }
        else if (!OrdinaryUser.IsAvailable)
        {
            Skip = "needs a user for whom modes of files count (setpriv, as root)";
        }
    }
}
