# bag of patches -> attention pooling -> class
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(47)


class Bags(Dataset):
    def __init__(self, n, n_patches=9, dim=12, key=None):
        self.key = torch.randn(4, dim) * 1.3 if key is None else key
        self.label = torch.randint(0, 4, (n,))
        self.patches = torch.randn(n, n_patches, dim)
        where = torch.randint(0, n_patches, (n,))
        for i in range(n):
            self.patches[i, int(where[i])] += self.key[self.label[i]]

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.patches[i], self.label[i]


class AttentionMIL(nn.Module):
    def __init__(self, dim, hidden, n_classes):
        super().__init__()
        self.embed = nn.Linear(dim, hidden)
        self.score = nn.Sequential(nn.Linear(hidden, 16), nn.Tanh(), nn.Linear(16, 1))
        self.head = nn.Linear(hidden, n_classes)

    def forward(self, bag):
        h = F.relu(self.embed(bag))
        alpha = torch.softmax(self.score(h), dim=-1)  # coach: degenerate-activation; fix: dim=1
        pooled = (alpha * h).sum(dim=1)
        return self.head(pooled)


train_set = Bags(480)
train_dl = DataLoader(train_set, batch_size=32, shuffle=True)
test_dl = DataLoader(Bags(128, key=train_set.key), batch_size=64)
mil = AttentionMIL(12, 32, 4)
optimizer = torch.optim.AdamW(mil.parameters(), lr=3e-3)

for epoch in range(6):
    mil.train()
    loss_sum = 0.0
    for bag, label in train_dl:
        optimizer.zero_grad()
        loss = F.cross_entropy(mil(bag), label)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item()
    mil.eval()
    with torch.no_grad():
        acc = sum((mil(b).argmax(1) == l).sum().item() for b, l in test_dl) / 128
    print(epoch, round(loss_sum / len(train_dl), 4), acc)
# coach-also: vanishing-gradients
# coach-also: unused-parameters
