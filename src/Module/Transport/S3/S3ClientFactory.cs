using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;
using AmazonHttpClientFactory = Amazon.Runtime.HttpClientFactory;

namespace ArtifactSync.Transport.S3;

/// <summary>The SDK's client as this module wants it: no retries and no redirects of its own, signatures that every store takes.</summary>
internal static class S3ClientFactory
{
    /// <param name="settings">Endpoint, region and keys.</param>
    /// <param name="http">Sends every request; the caller disposes it.</param>
    public static AmazonS3Client Create(S3Settings settings, HttpClient http)
    {
        var config = new AmazonS3Config
        {
            HttpClientFactory = new SingleClient(http),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxErrorRetry = 0, // a decorator repeats, with a clock and dice of its own
            ThrottleRetries = false,
            AllowAutoRedirect = false,
            UseAccelerateEndpoint = false,
            ForcePathStyle = settings.PathStyle,
            IgnoreConfiguredEndpointUrls = true, // those were looked at, and must be https
            // Older stores know neither trailing checksums nor chunks.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (settings.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = settings.Region;
        }
        else
        {
            config.RegionEndpoint = settings.IsRegionGiven ? RegionEndpoint.GetBySystemName(settings.Region) : ProfileRegion(settings.Region);
        }

        return settings.Keys switch
        {
            null => new AmazonS3Client(config),
            { Session: { } session } keys => new AmazonS3Client(keys.Id, keys.Secret, session, config),
            var keys => new AmazonS3Client(keys.Id, keys.Secret, config),
        };
    }

    private static RegionEndpoint ProfileRegion(string otherwise)
    {
        var name = Environment.GetEnvironmentVariable("AWS_PROFILE") ?? "default";
        return new CredentialProfileStoreChain().TryGetProfile(name, out var profile) && profile.Region is { } region
            ? region
            : RegionEndpoint.GetBySystemName(otherwise);
    }

    private sealed class SingleClient(HttpClient http) : AmazonHttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
