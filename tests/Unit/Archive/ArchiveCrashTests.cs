using System.Diagnostics;
using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Archive;

/// <summary>A child process is killed while it holds the lease; the next one goes on at once with what was committed.</summary>
[Trait("Category", "Crash")]
public sealed class ArchiveCrashTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private EngineOptions Options => new() { ArchivePath = _folder["archive"] };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("lease", new[] { "first" })]
    [InlineData("inside", new[] { "first" })]
    [InlineData("commit", new[] { "first", "second" })]
    public void Write_Killed_LeavesWhatWasCommittedAndTheLeaseToTheNext(string point, string[] sessions)
    {
        Kill(point);
        AssertReadOnlyTouchesNothing(sessions);

        using var archive = ArchiveDatabase.Open(Options, ArchiveMode.ReadWrite);
        using (var lease = archive.AcquireLease("run-next", TimeSpan.Zero, default))
        using (var transaction = lease.Begin())
        {
            Assert.Equal(["run-killed"], RunReaper.Reap(transaction.Db, ProcessIdentity.Current, DateTimeOffset.UtcNow));
            transaction.Db.Execute("INSERT INTO message_text(message_text) VALUES ('integrity-check')");
            transaction.Commit();
        }

        Assert.Equal(sessions, Sessions(archive));
        Assert.Equal(nameof(ErrorCode.RunCrashed), RunReader.Find(archive.Reader, "run-killed", "", includeEntities: false)!.ErrorCode);
        Assert.Equal(sessions.Order(), SessionReader.Read(archive.Reader, new SessionQuery { Text = "1234" }, archive.Folder).Select(s => s.SessionId).Order());
        Assert.Equal("ok", archive.Reader.Scalar<string>("PRAGMA integrity_check"));
        Assert.Empty(archive.Reader.Query("PRAGMA foreign_key_check", row => row.Text(0)));
    }

    private static string[] Sessions(ArchiveDatabase archive) => [.. archive.Reader.Query("SELECT id FROM sessions ORDER BY id", row => row.Text(0))];

    private void AssertReadOnlyTouchesNothing(string[] sessions)
    {
        var before = Picture();
        using (var archive = ArchiveDatabase.Open(Options, ArchiveMode.ReadOnly))
        {
            Assert.Equal(sessions, Sessions(archive));
        }

        Assert.Equal(before, Picture());
    }

    private string[] Picture() => [.. _folder.Files().Select(f => f + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(_folder[f]))))];

    private void Kill(string point)
    {
        var crasher = Path.Combine(AppContext.BaseDirectory, "ArtifactSync.Crasher.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [crasher, "--write", Options.ArchivePath, point]) { UseShellExecute = false })!;
        process.WaitForExit();
        Assert.Equal(OperatingSystem.IsWindows() ? -1 : 137, process.ExitCode);
    }
}
