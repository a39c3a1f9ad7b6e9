import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(44)
extractor = nn.Sequential(
    nn.Conv1d(2, 12, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(12, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool1d(2), nn.Flatten(),
)
extractor.eval()

n = 150
labels = torch.arange(n) % 3
t = torch.linspace(0, 6.28, 24)
freq = torch.tensor([1.0, 2.0, 4.0])[labels]
signals = torch.stack([torch.sin(freq[:, None] * t), torch.cos(freq[:, None] * t)], dim=1)
signals = signals + 0.8 * torch.randn_like(signals)

feats = []
activations = {}
handle = extractor[3].register_forward_hook(lambda m, i, o: activations.__setitem__("conv2", o.detach()))
with torch.no_grad():
    for chunk in signals.split(50):
        feats.append(extractor(chunk))
handle.remove()
feats = torch.cat(feats)
feats = (feats - feats.mean(0)) / (feats.std(0) + 1e-6)
print("features", tuple(feats.shape), "hooked", tuple(activations["conv2"].shape))

probe = nn.Linear(feats.shape[1], 3)
opt = torch.optim.SGD(probe.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(TensorDataset(feats, labels), batch_size=30, shuffle=True)
for epoch in range(5):
    for f, l in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(probe(f), l)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
