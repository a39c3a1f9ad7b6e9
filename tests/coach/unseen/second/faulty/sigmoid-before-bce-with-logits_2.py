import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset


class Churn(Dataset):
    def __init__(self, n):
        self.num = torch.randn(n, 4)
        self.cat = torch.randint(0, 5, (n,))
        self.y = ((self.num[:, 0] + (self.cat == 2).float() * 2 - 0.4) > 0).float()

    def __len__(self):
        return self.num.shape[0]

    def __getitem__(self, i):
        return {"num": self.num[i], "cat": self.cat[i], "label": self.y[i]}


class TabModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(5, 3)
        self.lin1 = nn.Linear(7, 24)
        self.lin2 = nn.Linear(24, 1)

    def forward(self, num, cat):
        z = torch.cat([num, self.emb(cat)], dim=1)
        z = torch.relu(self.lin1(z))
        return torch.sigmoid(self.lin2(z)).squeeze(1)  # coach: sigmoid-before-bce-with-logits


torch.manual_seed(2)
dl = DataLoader(Churn(256), batch_size=32, shuffle=True)
model = TabModel()
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(4):
    tot = 0
    for batch in dl:
        opt.zero_grad()
        loss = loss_fn(model(batch["num"], batch["cat"]), batch["label"])
        loss.backward()
        opt.step()
        tot += loss.item()
    print(epoch, tot / len(dl))
