using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.S3;

/// <summary>The connections to a store: proxy and certificates as the system or AWS_CA_BUNDLE say, no redirects.</summary>
internal static class S3Sockets
{
    /// <exception cref="ArtifactSyncException">InvalidArgument: the file of certificates can't be read.</exception>
    public static SocketsHttpHandler Create(S3Settings settings, int connections)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            MaxConnectionsPerServer = Math.Max(2, connections),
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (settings is { IsSecure: true, TrustFile: { } file })
        {
            handler.SslOptions.CertificateChainPolicy = Trusting(file);
        }

        return handler;
    }

    private static X509ChainPolicy Trusting(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArtifactSyncException(
                ErrorCode.InvalidArgument, $"The certificates of AWS_CA_BUNDLE ('{file}') can't be read: {fault.Message}", file, fault);
        }

        return policy;
    }
}
