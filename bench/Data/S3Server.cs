using System.Diagnostics;
using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using ArtifactSync.Transport;

namespace ArtifactSync.Bench.Data;

/// <summary>The real S3 gateway of <c>tests/S3/start-gateway.sh</c>, on fixed ports, for as long as a scenario runs.</summary>
internal sealed class S3Server : IDisposable
{
    private const string AccessKey = "benchaccesskey", SecretKey = "bench-secret-key";
    private const int MonitorPort = 21_789, Port = 21_780, SecurePort = 21_743;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"artifactsync-bench-s3-{Environment.ProcessId}");

    public S3Server()
    {
        Script($"start-gateway.sh '{_folder}' {MonitorPort} {Port} {SecurePort} {AccessKey} {SecretKey} {Environment.ProcessId}");
        using var client = new AmazonS3Client(
            new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config { ServiceURL = Endpoint, ForcePathStyle = true });
        client.PutBucketAsync(Bucket).GetAwaiter().GetResult();
    }

    public static string Bucket => "bench";

    public static string Endpoint => $"http://127.0.0.1:{Port}";

    public static TransportOptions Options(string archive, int throttle) => new()
    {
        ArchiveFolder = archive,
        ThrottleLimit = throttle,
        Access = new TargetAccess { AccessKeyId = AccessKey, SecretKey = new NetworkCredential("", SecretKey).SecurePassword, S3Endpoint = Endpoint },
    };

    /// <summary>A shell command that copies a folder to a prefix with rclone.</summary>
    public static string Rclone(string folder, string prefix, int transfers) =>
        $"env -u AWS_CA_BUNDLE RCLONE_CONFIG=/dev/null RCLONE_S3_PROVIDER=Ceph RCLONE_S3_ENDPOINT={Endpoint} RCLONE_S3_ACCESS_KEY_ID={AccessKey} "
        + $"RCLONE_S3_SECRET_ACCESS_KEY={SecretKey} rclone copy '{folder}' ':s3:{Bucket}/{prefix}' --transfers {transfers} --checkers {transfers} "
        + "--exclude '.store' --s3-no-check-bucket";

    public void Dispose() => Script($"stop-gateway.sh '{_folder}'");

    private static void Script(string command)
    {
        // The daemons inherit the streams, so they must not be pipes.
        using var process = Process.Start("/bin/sh", ["-c", $"exec '{Find(AppContext.BaseDirectory)}'/tests/S3/{command} >/dev/null"]);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command.Split(' ')[0]} failed. It needs radosgw, ceph-mon, ceph-osd and openssl.");
        }
    }

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "ArtifactSync.slnx"))
        ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The bench runs in its repository."));
}
