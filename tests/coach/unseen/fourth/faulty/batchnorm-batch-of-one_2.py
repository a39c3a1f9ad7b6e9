import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class EmbeddingNet(nn.Module):
    def __init__(self, d_in, d_emb, n_ids):
        super().__init__()
        self.fc1 = nn.Linear(d_in, 32, bias=False)
        self.bn1 = nn.BatchNorm1d(32)
        self.fc2 = nn.Linear(32, d_emb, bias=False)
        self.bn2 = nn.BatchNorm1d(d_emb)
        self.classifier = nn.Linear(d_emb, n_ids)

    def forward(self, x):
        h = F.relu(self.bn1(self.fc1(x)))
        e = self.bn2(self.fc2(h))
        return self.classifier(F.relu(e))


torch.manual_seed(31)
anchors = torch.randn(6, 14)
ids = torch.randint(0, 6, (257,))
obs = anchors[ids] + 0.6 * torch.randn(257, 14)
obs = (obs - obs.mean(0)) / obs.std(0)
dataset = TensorDataset(obs, ids)
loader = DataLoader(dataset, batch_size=32, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
net = EmbeddingNet(14, 16, 6)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(4):
    net.train()
    for step, (xb, yb) in enumerate(loader):
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        if step % 4 == 0:
            print(f"epoch {epoch} step {step} loss {loss.item():.3f}")
