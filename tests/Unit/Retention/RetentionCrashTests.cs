using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;
using Xunit.Abstractions;

namespace ArtifactSync.Tests.Retention;

/// <summary>Another process is killed at every step of a sweep, a repair and a reset; and one exchanges while this one collects.</summary>
[Trait("Category", "Retention")]
public sealed class RetentionCrashTests(ITestOutputHelper output) : IDisposable
{
    private readonly TempFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Collect_KilledAtEveryStep_TheNextLeavesExactlyWhatIsLive() => KillEach("collect", steps: 8, static (_, _) => { }, static (own, share) =>
    {
        own.Collect(TimeSpan.Zero, share);
        Assert.Equal(Keeper.LiveOf(own.Store), own.Files());
        Assert.Equal(Keeper.LiveOf(share), Keeper.FilesOf(share));
    });

    [Fact]
    public void Repair_KilledAtEveryStep_TheNextHealsAll() => KillEach("repair", steps: 6, static (own, share) =>
    {
        var live = Keeper.LiveOf(own.Store).ToList();
        // Of each kind one that the share has, and own ones that it lacks: those come from the archive.
        foreach (var path in live.Where(path => !path.Contains("/meta/", StringComparison.Ordinal)))
        {
            Damage.Do(path.Contains("/manifests/", StringComparison.Ordinal) ? "missing" : "flipped", Path.Combine(own.Store, path));
        }
        Directory.Delete(Path.Combine(share, own.Origin), recursive: true);
    }, static (own, share) =>
    {
        own.Repair(null, share);
        Assert.Empty(own.Verify());
        Assert.Equal(own.Files().Length, Keeper.LiveOf(own.Store).Count(path => File.Exists(Path.Combine(own.Store, path))) + Stale(own).Count);
    });

    [Fact]
    public void Reset_KilledAtEveryStep_AnExchangeOrAnotherResetGoesOn() => KillEach("reset", steps: 6, static (_, _) => { }, static (own, share) =>
    {
        if (own.Machine.Read(db => db.Scalar<long>("SELECT count(*) FROM sync_runs WHERE kind = 'reset'")) % 2 == 1)
        {
            Assert.Equal(RunStatus.Succeeded, own.Exchange(share).Status);
        }
        else
        {
            Assert.Equal(RunStatus.Succeeded, own.Reset().Run.Status);
        }
    });

    [Fact]
    public async Task Collect_WhileAnotherProcessExchanges_TwoHundredRounds_NothingLiveIsLost()
    {
        var fixture = Fixture();
        var own = new Keeper(Path.Combine(fixture, "own"), "own-3d4e5f", ticking: true);
        var share = Path.Combine(fixture, "share");
        using var other = Start("--exchanges", own.Folder, share, "200");
        var lines = Task.Run(() => Finish(other));
        var (rounds, removed) = (0, 0L);
        while (!lines.IsCompleted)
        {
            var run = own.Collect(TimeSpan.Zero, share).Run;
            Assert.True(run.Status is RunStatus.Succeeded or RunStatus.Partial, $"{run.ErrorCode} {run.ErrorMessage}");
            removed += run.Counters.Collected;
            rounds++;
        }
        var (code, text) = await lines;
        Assert.True(code == 0, text);
        output.WriteLine($"{rounds} collections removed {removed} artifacts during 200 exchanges");
        Assert.True(rounds > 3 && removed > 20, $"{rounds} collections, {removed} artifacts");

        // Whatever one side lacks the other has, and everybody reads the newest.
        Assert.Equal(RunStatus.Succeeded, own.Exchange(share).Status);
        Assert.Equal(RunStatus.Succeeded, own.Exchange(share).Status);
        Assert.Empty(own.Verify());
        Assert.Empty(own.Verify(share));
        var reader = new Keeper(_root["reader"], "reader-778899");
        Assert.Equal(RunStatus.Succeeded, reader.Exchange(share).Status);
        Assert.Equal(own.Machine.Content(), reader.Machine.Content());
        own.Collect(TimeSpan.Zero, share);
        Assert.Equal(Keeper.LiveOf(own.Store), own.Files());
        Assert.Equal(Keeper.LiveOf(share), Keeper.FilesOf(share));
        own.Machine.AssertSound();
    }

    private void KillEach(string what, int steps, Action<Keeper, string> prepare, Action<Keeper, string> recover)
    {
        var fixture = Fixture();
        prepare(Own(fixture), Path.Combine(fixture, "share"));
        var (code, text) = Child(what, Copy(fixture, "count"), 0);
        Assert.True(code == 0, text);
        var count = int.Parse(text.Trim(), CultureInfo.InvariantCulture);
        Assert.True(count >= steps, $"only {count} steps");
        for (var step = 1; step <= count; step++)
        {
            var copy = Copy(fixture, $"step-{step}");
            Assert.NotEqual(0, Child(what, copy, step).ExitCode);
            var (own, share) = (Own(copy), Path.Combine(copy, "share"));
            recover(own, share);
            AssertWhole(own, share, step);
            Directory.Delete(copy, recursive: true);
        }
        output.WriteLine($"{what}: killed at {count} steps");
    }

    /// <summary>After one more exchange both sides hold every closure, with the numbers and events of before.</summary>
    private void AssertWhole(Keeper own, string share, int step)
    {
        var run = own.Exchange(share);
        Assert.True(run.Status == RunStatus.Succeeded, $"step {step}: {run.ErrorCode} {run.ErrorMessage}");
        // A kill may leave temporary files, which the next repair puts away, and nothing else.
        var findings = own.Verify();
        Assert.All(findings, finding => Assert.Contains("/.tmp-", finding.Name, StringComparison.Ordinal));
        own.Repair(findings);
        Assert.Empty(own.Verify());
        Assert.Empty(own.Verify(share));
        own.AssertCatalogIsDisk();
        own.Machine.AssertSound();
        Assert.Equal(2, own.Files().Max(path => path.StartsWith($"{own.Origin}/checkpoints", StringComparison.Ordinal) ? ArtifactName.Sequence(Keeper.Parse(path)!) : 0));
        Assert.Equal(1, own.Files().Count(path => path.StartsWith($"{own.Origin}/meta", StringComparison.Ordinal)));
        using var reader = new TempFolder();
        var fresh = new Keeper(reader["archive"], "fresh-aabbcc", TimeSpan.FromDays(1));
        fresh.Exchange(share);
        Assert.Equal(own.Machine.Content(), fresh.Machine.Content());
    }

    private static List<string> Stale(Keeper own) => [.. own.Files().Except(Keeper.LiveOf(own.Store))];

    private static Keeper Own(string folder) => new(Path.Combine(folder, "own"), "own-3d4e5f", TimeSpan.FromMinutes(2));

    /// <summary>Own and foreign origins with two versions each, an own event, something in the quarantine.</summary>
    private string Fixture()
    {
        var fixture = _root["fixture"];
        var share = Path.Combine(fixture, "share");
        new Keeper(Path.Combine(fixture, "other"), "other-0a1b2c").PublishTwice(share, "o");
        var own = Own(fixture);
        own.PublishTwice(share);
        using (var archive = ArchiveDatabase.Open(own.Machine.Options, ArchiveMode.ReadWrite))
        {
            using var lease = archive.AcquireLease("test", TimeSpan.FromSeconds(5), default);
            new Recorder(archive, new LocalEventStore(new LocalStore(archive))).SetStarred(lease, "s", true);
        }
        Assert.Equal(RunStatus.Succeeded, own.Exchange(share).Status);
        return fixture;
    }

    private string Copy(string fixture, string name)
    {
        var copy = _root[name];
        Privileges.Run("cp", "-a", fixture, copy);
        return copy;
    }

    private static (int ExitCode, string Output) Child(string what, string copy, int step)
    {
        using var process = Start("--retention", what, Path.Combine(copy, "own"), Path.Combine(copy, "share"), step.ToString(CultureInfo.InvariantCulture));
        return Finish(process);
    }

    private static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ArtifactSync.Crasher.dll"), .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        })!;

    private static (int ExitCode, string Output) Finish(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? text : text + error.Result);
    }
}
