import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class Folder(Dataset):
    def __init__(self, per_class=24):
        self.items = [(k, i) for k in ("cat", "dog", "fish") for i in range(per_class)]
        self.classes = ["cat", "dog", "fish"]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        name, i = self.items[index]
        label = self.classes.index(name)
        return torch.randn(10) + label, label


torch.manual_seed(0)
train_dl = DataLoader(Folder(), batch_size=12, shuffle=False)  # coach: not-shuffled; fix: shuffle=True
model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    for x, y in train_dl:
        opt.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        opt.step()
