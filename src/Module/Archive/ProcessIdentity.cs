using System.ComponentModel;
using System.Diagnostics;

namespace ArtifactSync.Archive;

/// <summary>Who runs here: enough to tell later, on the same host, whether that process still lives.</summary>
/// <param name="StartedAt">Unix milliseconds.</param>
internal sealed record ProcessIdentity(string Host, int ProcessId, long StartedAt)
{
    // Start times are derived from the boot time, which differs a little between two readings.
    private const long ToleranceMilliseconds = 2000;
    private static readonly Lazy<ProcessIdentity> Self = new(Read);

    public static ProcessIdentity Current => Self.Value;

    /// <summary>True only when it is certain: same host, and no process with that id and start time.</summary>
    public bool IsDead(ProcessIdentity observer)
    {
        if (!string.Equals(Host, observer.Host, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        if (ProcessId == observer.ProcessId)
        {
            return Math.Abs(StartedAt - observer.StartedAt) > ToleranceMilliseconds;
        }

        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return Math.Abs(StartOf(process) - StartedAt) > ToleranceMilliseconds;
        }
        catch (ArgumentException)
        {
            return true; // no process with this id
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            return false; // it ends just now, or may not be looked at: silence will tell
        }
    }

    private static ProcessIdentity Read()
    {
        using var process = Process.GetCurrentProcess();
        return new ProcessIdentity(Environment.MachineName, process.Id, StartOf(process));
    }

    private static long StartOf(Process process) => new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds();
}
