using Xunit.Abstractions;
using Xunit.Sdk;

namespace ArtifactSync.Tests.Conformance;

/// <summary>On a contract's class: what must be there, else all its tests are visibly skipped.</summary>
/// <param name="holder">Has a static property <c>Missing</c>: null, or why the tests can't run.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsAttribute(Type holder) : Attribute
{
    public Type Holder => holder;
}

/// <summary>A fact of a contract that many classes inherit.</summary>
[XunitTestCaseDiscoverer("ArtifactSync.Tests.Conformance.ContractFactDiscoverer", "ArtifactSync.Tests")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContractFactAttribute : FactAttribute;

[XunitTestCaseDiscoverer("ArtifactSync.Tests.Conformance.ContractTheoryDiscoverer", "ArtifactSync.Tests")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContractTheoryAttribute : TheoryAttribute;

public sealed class ContractFactDiscoverer(IMessageSink sink) : FactDiscoverer(sink)
{
    public override IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        SkippedTestCase.For(testMethod) is { } skipped ? [skipped] : base.Discover(discoveryOptions, testMethod, factAttribute);
}

public sealed class ContractTheoryDiscoverer(IMessageSink sink) : TheoryDiscoverer(sink)
{
    public override IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        SkippedTestCase.For(testMethod) is { } skipped ? [skipped] : base.Discover(discoveryOptions, testMethod, theoryAttribute);
}

/// <summary>A test whose class lacks what it needs.</summary>
public sealed class SkippedTestCase : XunitTestCase
{
    private string _reason = "";

    [Obsolete("For the deserializer only.")]
    public SkippedTestCase()
    {
    }

    private SkippedTestCase(ITestMethod method, string reason)
        : base(new NullMessageSink(), TestMethodDisplay.ClassAndMethod, TestMethodDisplayOptions.None, method) => _reason = reason;

    public static SkippedTestCase? For(ITestMethod method)
    {
        var needs = method.TestClass.Class.GetCustomAttributes(typeof(NeedsAttribute)).FirstOrDefault();
        var holder = needs?.GetConstructorArguments().FirstOrDefault() as Type;
        return holder?.GetProperty("Missing")?.GetValue(null) is string reason ? new SkippedTestCase(method, reason) : null;
    }

    public override void Serialize(IXunitSerializationInfo data)
    {
        data.AddValue("reason", _reason);
        base.Serialize(data);
    }

    public override void Deserialize(IXunitSerializationInfo data)
    {
        _reason = data.GetValue<string>("reason");
        base.Deserialize(data);
    }

    protected override string GetSkipReason(IAttributeInfo factAttribute) => _reason;
}
