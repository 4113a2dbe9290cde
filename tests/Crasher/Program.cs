// A process that the crash tests start: one exchange that is killed at its n-th step, as kill -9 would.
// usage: Crasher --write <archive> <lease|inside|commit> (see ArchiveWrite), or
//        Crasher --retention <collect|repair|reset> <archive> <target> <step> and
//        Crasher --exchanges <archive> <target> <rounds> (see RetentionSteps), or
//        Crasher --surgical <archive> <server> <step> <iid>... (see SurgicalWrite), or
//        Crasher --rebuild <archive> <step>, or
//        Crasher --memory <folder> <import|import-chunks|export-chunk|import-cloud|export-cloud> <step, 0 = never> [server] (see MemoryWork), or
//        Crasher <archive> <target> <step, 0 = never>; prints the number of steps when it comes to its end.
using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;

if (args[0] == "--write")
{
    ArtifactSync.Crasher.ArchiveWrite.Run(args[1], args[2]);
}

if (args[0] == "--memory")
{
    return ArtifactSync.Crasher.MemoryWork.Run(args[1], args[2], int.Parse(args[3], CultureInfo.InvariantCulture), args.ElementAtOrDefault(4));
}

if (args[0] == "--retention")
{
    return await ArtifactSync.Crasher.RetentionSteps.RunAsync(args[1], args[2], args[3], int.Parse(args[4], CultureInfo.InvariantCulture));
}

if (args[0] == "--exchanges")
{
    return await ArtifactSync.Crasher.RetentionSteps.ExchangeAsync(args[1], args[2], int.Parse(args[3], CultureInfo.InvariantCulture));
}

if (args[0] == "--surgical")
{
    return await ArtifactSync.Crasher.SurgicalWrite.RunAsync(args[1..]);
}

bool rebuilds = args[0] == "--rebuild";
args = rebuilds ? [args[1], "", args[2]] : args;
int killAt = int.Parse(args[2], CultureInfo.InvariantCulture);
int steps = 0;
var options = new EngineOptions
{
    ArchivePath = args[0],
    Checkpoint = _ =>
    {
        if (Interlocked.Increment(ref steps) == killAt)
        {
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite); // the signal ends it here
        }
    },
};
var engine = new SyncEngine(options);
var run = rebuilds
    ? await engine.RebuildAsync(NullObserver.Instance, CancellationToken.None)
    : await engine.ExchangeAsync(new ExchangeRequest { Target = args[1] }, NullObserver.Instance, CancellationToken.None);
Console.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
if (run.Status != RunStatus.Succeeded)
{
    Console.Error.WriteLine($"{run.Status} {run.ErrorCode}: {run.ErrorMessage}");
}
return run.Status == RunStatus.Succeeded ? 0 : 1;
