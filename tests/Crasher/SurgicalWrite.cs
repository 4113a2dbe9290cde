using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;

namespace ArtifactSync.Crasher;

/// <summary>A surgical run that is killed at its n-th step; prints the names of the steps when it comes to its end.</summary>
internal static class SurgicalWrite
{
    /// <param name="args">Archive, server, step (0 = never), numbers of issues.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var killAt = int.Parse(args[2], CultureInfo.InvariantCulture);
        List<string> steps = [];
        var options = new EngineOptions
        {
            ArchivePath = args[0],
            Checkpoint = name =>
            {
                steps.Add(name);
                if (steps.Count == killAt)
                {
                    Process.GetCurrentProcess().Kill();
                    Thread.Sleep(Timeout.Infinite); // the signal ends it here
                }
            },
        };
        var request = new SurgicalRequest
        {
            GitLabUri = args[1],
            Project = "group/app",
            Items = [.. args[3..].Select(iid => new TrackedItem(TrackedItem.Issue, long.Parse(iid, CultureInfo.InvariantCulture)))],
            Token = Token(),
            Embed = new EmbedTarget(args[1], "fake-model", IsRequired: true),
        };
        var run = await new SyncEngine(options).SurgicalAsync(request, NullObserver.Instance, CancellationToken.None);
        Console.WriteLine(string.Join(',', steps));
        if (run.Status != RunStatus.Succeeded)
        {
            Console.Error.WriteLine($"{run.Status} {run.ErrorCode}: {run.ErrorMessage}");
        }
        return run.Status == RunStatus.Succeeded ? 0 : 1;
    }

    private static System.Security.SecureString Token()
    {
        var token = new System.Security.SecureString();
        token.AppendChar('t');
        return token;
    }
}
