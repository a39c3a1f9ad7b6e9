# read each image row by row with a GRU
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(64)


class Ramps(Dataset):
    """12x10 pictures that get brighter downwards, upwards, or in the middle."""

    def __init__(self, count):
        t = torch.linspace(-1, 1, 12)
        profiles = torch.stack([t, -t, 1 - 2 * t.abs()])
        self.kind = torch.randint(0, 3, (count,))
        self.pics = profiles[self.kind].unsqueeze(2) + 0.5 * torch.randn(count, 12, 10)

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, i):
        return self.pics[i], self.kind[i]


class RowReader(nn.Module):
    def __init__(self, width, height, hidden, classes):
        super().__init__()
        self.width, self.height = width, height
        self.gru = nn.GRU(width, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, pics):
        seq = pics.reshape(self.height, -1, self.width)  # coach: batch-axis-mixed; fix: pics.permute(1, 0, 2)
        _, last = self.gru(seq)
        return self.fc(last[0])


train_dl = DataLoader(Ramps(384), batch_size=32, shuffle=True)
test_dl = DataLoader(Ramps(96), batch_size=32)
model = RowReader(10, 12, 24, 3)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(4):
    model.train()
    for pics, kind in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(model(pics), kind)
        loss.backward()
        opt.step()  # coach-also: loss-plateau
    model.eval()
    with torch.no_grad():
        hits = sum((model(p).argmax(1) == k).sum().item() for p, k in test_dl)
    print(f"epoch {epoch} loss {loss.item():.4f} test {hits}/96")
