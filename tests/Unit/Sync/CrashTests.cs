using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;
using Xunit.Abstractions;

namespace ArtifactSync.Tests.Sync;

/// <summary>A child process is killed at every step of an exchange; the next run must find everything and lose nothing.</summary>
[Trait("Category", "Crash")]
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("crash-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Exchange_KilledAtEveryStep_TheNextRunCompletesIt()
    {
        var fixture = Fixture();
        var steps = int.Parse(Child(Copy(fixture, "count"), 0).Output, CultureInfo.InvariantCulture);
        Assert.True(steps > 20, $"only {steps} steps");
        for (var step = 1; step <= steps; step++)
        {
            var copy = Copy(fixture, $"step-{step}");
            var (exitCode, _) = Child(copy, step);
            Assert.NotEqual(0, exitCode);
            AssertRecovers(copy, step);
            Directory.Delete(copy, recursive: true);
        }
        output.WriteLine($"killed at {steps} steps");
    }

    [Fact]
    public void Exchange_KilledAgainAndAgain_EndsWithEverything()
    {
        var copy = Copy(Fixture(), "again");
        foreach (var step in (int[])[3, 7, 11, 15, 19, 23])
        {
            Child(copy, step);
        }
        AssertRecovers(copy, 0);
    }

    [Fact]
    public void Exchange_TwoProcessesWithOneArchive_BothSucceed()
    {
        var fixture = Fixture();
        for (var round = 0; round < 5; round++)
        {
            var copy = Copy(fixture, $"two-{round}");
            using var first = Start(copy, 0);
            using var second = Start(copy, 0);
            var (one, two) = (Finish(first), Finish(second));
            Assert.True(one.ExitCode == 0 && two.ExitCode == 0, one.Output + two.Output);
            AssertConverged(copy);
        }
    }

    /// <summary>Our archive with two sessions, and a share where another machine has published three.</summary>
    private string Fixture()
    {
        var fixture = Path.Combine(_root, "fixture");
        var other = new TestMachine(Path.Combine(fixture, "other"), "other-0a1b2c");
        other.Write("o1", "one", "two");
        other.Write("o2", "three");
        other.Exchange(Path.Combine(fixture, "share"));
        other.Write("o3", "four", "five", "six");
        Assert.Equal(RunStatus.Succeeded, other.Exchange(Path.Combine(fixture, "share")).Status);
        var own = new TestMachine(Path.Combine(fixture, "own"), "own-3d4e5f");
        own.Transact(db => StateTable.Set(db, StateTable.OriginId, own.Origin));
        own.Write("s1", "hello", "world");
        own.Write("s2", "again");
        return fixture;
    }

    private void AssertRecovers(string copy, int step)
    {
        var own = new TestMachine(Path.Combine(copy, "own"), "own-3d4e5f");
        var run = own.Exchange(Path.Combine(copy, "share"));
        Assert.True(run.Status == RunStatus.Succeeded, $"step {step}: {run.ErrorCode} {run.ErrorMessage}");
        var crashed = own.Read(db => RunReader.Read(db, new RunQuery { Statuses = [RunStatus.Aborted] }, own.Folder).ToList());
        Assert.All(crashed, aborted => Assert.Equal(nameof(ErrorCode.RunCrashed), aborted.ErrorCode));
        AssertConverged(copy);
    }

    private static void AssertConverged(string copy)
    {
        var share = Path.Combine(copy, "share");
        var own = new TestMachine(Path.Combine(copy, "own"), "own-3d4e5f");
        var other = new TestMachine(Path.Combine(copy, "other"), "other-0a1b2c");
        var idle = own.Exchange(share);
        Assert.Equal(0, idle.Counters.Published + idle.Counters.Sent + idle.Counters.Received + idle.Counters.ImportedSessions);
        Assert.Equal(RunStatus.Succeeded, other.Exchange(share).Status);
        Assert.Equal(5, own.Content().Count);
        Assert.Equal(own.Content(), other.Content());
        own.AssertSound();
        AssertCheckpointsAreDistinct(share, own.Origin);
    }

    /// <summary>No number twice, and each says what its name says.</summary>
    private static void AssertCheckpointsAreDistinct(string share, string origin)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(share, origin, "checkpoints"), "cp-*"))
        {
            var artifact = ArtifactName.Parse(origin, ArtifactKind.Checkpoints, Path.GetFileName(file));
            Assert.Equal(ImportVerdict.Ok, ImportCheck.Checkpoint(artifact, File.ReadAllBytes(file), out _));
        }
    }

    private string Copy(string fixture, string name)
    {
        var copy = Path.Combine(_root, name);
        foreach (var file in Directory.EnumerateFiles(fixture, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(fixture, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }

    private static (int ExitCode, string Output) Child(string copy, int step)
    {
        using var process = Start(copy, step);
        return Finish(process);
    }

    private static Process Start(string copy, int step)
    {
        var crasher = Path.Combine(AppContext.BaseDirectory, "ArtifactSync.Crasher.dll");
        var start = new ProcessStartInfo("dotnet", [crasher, Path.Combine(copy, "own"), Path.Combine(copy, "share"), step.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return Process.Start(start)!;
    }

    private static (int ExitCode, string Output) Finish(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? text : text + error.Result);
    }
}
