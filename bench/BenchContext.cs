using System.Diagnostics;
using System.Globalization;

namespace ArtifactSync.Bench;

/// <summary>What a scenario works with: a folder of its own, stopwatch, memory gauge, peers.</summary>
internal sealed class BenchContext(string folder, int count)
{
    /// <summary>Empty; removed afterwards.</summary>
    public string Folder => folder;

    /// <summary>Sessions (or artifacts).</summary>
    public int Count => count;

    public string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([folder, .. parts]);

    /// <summary>Runs and measures; garbage of the preparation is collected before.</summary>
    public static (double Seconds, double PeakMb) Measure(Action work)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        ResetPeak();
        Console.Error.WriteLine($"  resident before {PeakMb():0} MB, managed {GC.GetTotalMemory(false) / 1048576.0:0} MB");
        var before = Environment.CpuUsage;
        var watch = Stopwatch.StartNew();
        work();
        double seconds = watch.Elapsed.TotalSeconds;
        var after = Environment.CpuUsage;
        Console.Error.WriteLine(
            $"  {seconds:0.00} s, processor {(after.UserTime - before.UserTime).TotalSeconds:0.00} s,"
            + $" of the kernel {(after.PrivilegedTime - before.PrivilegedTime).TotalSeconds:0.00} s");
        return (seconds, PeakMb());
    }

    /// <summary>Seconds that a shell command takes; it must succeed. Its own output is dropped.</summary>
    public static double Peer(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        var watch = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        double seconds = watch.Elapsed.TotalSeconds;
        _ = output.Result;
        return process.ExitCode == 0 ? seconds : throw new InvalidOperationException($"'{command}' failed: {errors.Result}");
    }

    private static void ResetPeak()
    {
        if (OperatingSystem.IsLinux())
        {
            // Sets the peak back to what is resident now.
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
    }

    private static double PeakMb()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0;
        }

        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024.0;
    }
}
