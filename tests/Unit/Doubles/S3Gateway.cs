using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;
using Amazon.S3;
using ArtifactSync.Tests.Cmdlets;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;

namespace ArtifactSync.Tests.Doubles;

/// <summary>A real S3 server (Ceph's gateway), started once for all tests that need it by <c>tests/S3/start-gateway.sh</c>.</summary>
public sealed class S3Gateway : IAsyncLifetime
{
    public const string Collection = "S3 gateway";
    public const string Bucket = "artifacts";
    public const string AccessKey = "testaccesskey";
    public const string SecretKey = "test-secret-key/1234";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"artifactsync-s3-{Environment.ProcessId}");
    private int _prefixes;

    /// <summary>Null = the server is installed; else why the tests are skipped.</summary>
    public static string? Missing { get; } =
        new[] { "radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "openssl" }.Where(tool => !IsInstalled(tool)).ToArray() is { Length: > 0 } missing
            ? $"No S3 server: {string.Join(", ", missing)} not installed (apt-get install radosgw ceph-mon ceph-osd openssl)."
            : null;

    public int Port { get; } = FreePort();

    public int SecurePort { get; } = FreePort();

    public string Endpoint => $"http://127.0.0.1:{Port}";

    public async Task InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }

        await RunAsync("start-gateway.sh", _folder, $"{FreePort()}", $"{Port}", $"{SecurePort}", AccessKey, SecretKey, $"{Environment.ProcessId}");
        using var client = Client();
        await client.PutBucketAsync(Bucket);
    }

    public async Task DisposeAsync()
    {
        if (Missing is null)
        {
            await RunAsync("stop-gateway.sh", _folder);
        }
    }

    /// <summary>A prefix that no other test uses.</summary>
    public string NewTarget() => $"s3://{Bucket}/{Interlocked.Increment(ref _prefixes)}/files";

    internal TargetAccess Access(string? accessKey = null, string? secret = null, bool secure = false, int? port = null) => new()
    {
        AccessKeyId = accessKey ?? AccessKey,
        SecretKey = Secure(secret ?? SecretKey),
        S3Endpoint = secure ? $"https://127.0.0.1:{SecurePort}" : $"http://127.0.0.1:{port ?? Port}",
    };

    internal TransportOptions Options(TargetAccess? access = null) => new()
    {
        ArchiveFolder = "/nowhere",
        Access = access ?? Access(),
        ReadEnvironment = static _ => null,
    };

    /// <summary>The bare client, for what a test does behind the back of ours.</summary>
    public AmazonS3Client Client(string? endpoint = null) => new(new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config
    {
        ServiceURL = endpoint ?? Endpoint,
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    /// <summary>Trusts the gateway's own certificate and no other.</summary>
    public SocketsHttpHandler Trusting()
    {
        var certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder, "certificate.pem"));
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString();
        return handler;
    }

    internal static SecureString Secure(string text) => new NetworkCredential("", text).SecurePassword;

    private static async Task RunAsync(string script, params string[] arguments)
    {
        // To a file: the daemons inherit the streams and would keep a pipe open.
        var output = Path.GetTempFileName();
        var path = Path.Combine(Repository.Root, "tests", "S3", script);
        var start = new ProcessStartInfo("bash", ["-c", "\"$@\" >\"$0\" 2>&1", output, path, .. arguments]);
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync(patience.Token);
        Assert.True(process.ExitCode == 0, $"{script} ended with {process.ExitCode}: {await File.ReadAllTextAsync(output)}");
        File.Delete(output);
    }

    /// <summary>Below the range of ephemeral ports, where another socket may sit for a moment.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // taken
            }
        }
    }

    private static bool IsInstalled(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, tool)));
}

[CollectionDefinition(S3Gateway.Collection)]
public sealed class S3GatewayCollection : ICollectionFixture<S3Gateway>;

/// <summary>A test against the real server; visibly skipped where that is not installed.</summary>
public sealed class GatewayFactAttribute : FactAttribute
{
    public GatewayFactAttribute() => Skip = S3Gateway.Missing;
}

public sealed class GatewayTheoryAttribute : TheoryAttribute
{
    public GatewayTheoryAttribute() => Skip = S3Gateway.Missing;
}
