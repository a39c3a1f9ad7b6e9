"""Attention pooling over sets of different sizes."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(303)
MAX_ITEMS = 9


class Bags(Dataset):
    def __init__(self, size):
        self.items = torch.randn(size, MAX_ITEMS, 6)
        count = torch.randint(3, MAX_ITEMS + 1, (size, 1))
        self.keep = (torch.arange(MAX_ITEMS) < count).float()
        best = self.items[:, :, 0].masked_fill(self.keep == 0, -1e9).argmax(dim=1)
        self.answer = (self.items[torch.arange(size), best, 1] > 0).long()

    def __len__(self):
        return self.items.size(0)

    def __getitem__(self, i):
        return self.items[i], self.keep[i], self.answer[i]


class AttentionPool(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh())
        self.score = nn.Linear(hidden, 1, bias=False)
        self.value = nn.Linear(dim, hidden)
        self.rho = nn.Sequential(nn.ReLU(), nn.Linear(hidden, 2))

    def forward(self, items, keep):
        attn = F.softmax(self.score(self.phi(items)).squeeze(-1), dim=1)
        attn *= keep  # coach: inplace-breaks-backward; fix: attn = attn * keep
        attn = attn / attn.sum(dim=1, keepdim=True)
        pooled = torch.einsum("bn,bnd->bd", attn, self.value(items))
        return self.rho(pooled)


loader = DataLoader(Bags(320), batch_size=32, shuffle=True)
net = AttentionPool(6, 32)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(10):
    correct = 0
    for items, keep, answer in loader:
        optimizer.zero_grad()
        logits = net(items, keep)
        loss = F.cross_entropy(logits, answer)
        loss.backward()
        optimizer.step()
        correct += (logits.argmax(1) == answer).sum().item()
    print(f"epoch {epoch}: accuracy {correct / 320:.3f}")
