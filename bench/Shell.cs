using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace ArtifactSync.Bench;

/// <summary>A real pwsh and the packaged module, where both are there.</summary>
internal static class Shell
{
    /// <summary>The manifest below out/; null = there is no pwsh or no package.</summary>
    public static string? Module { get; } = HasPwsh() ? FindModule() : null;

    /// <summary>Seconds that a script block takes, by pwsh's own stopwatch, after another one prepared it.</summary>
    public static double Measure(string prepare, string work)
    {
        string script = $"$ErrorActionPreference = 'Stop'; {prepare}; (Measure-Command {{ {work} }}).TotalSeconds.ToString('r', [cultureinfo]::InvariantCulture)";
        var start = new ProcessStartInfo("pwsh", ["-NoProfile", "-NonInteractive", "-Command", script])
            { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? double.Parse(output.Trim().Split('\n')[^1], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"pwsh ended with {process.ExitCode}: {output}");
    }

    private static bool HasPwsh()
    {
        try
        {
            BenchContext.Peer("command -v pwsh");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string? FindModule()
    {
        for (var folder = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string manifest = Path.Combine(folder, "out", "ArtifactSync", "ArtifactSync.psd1");
            if (File.Exists(manifest))
            {
                return manifest;
            }
        }

        return null;
    }
}
