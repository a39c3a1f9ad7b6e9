import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class Defects(Dataset):
    def __init__(self):
        self.x = torch.randn(150, 1, 6, 6)
        self.bad = [i % 15 == 0 for i in range(150)]

    def __len__(self):
        return 150

    def __getitem__(self, i):
        return self.x[i], float(self.bad[i])


class Trainer:
    def __init__(self, model):
        self.model = model
        self.loss = nn.BCEWithLogitsLoss()  # coach: class-imbalance; fix: nn.BCEWithLogitsLoss(pos_weight=
        self.opt = torch.optim.Adam(model.parameters(), lr=1e-3)

    def run(self, loader):
        for image, bad in loader:
            self.opt.zero_grad()
            self.loss(self.model(image).squeeze(1), bad.float()).backward()
            self.opt.step()


Trainer(nn.Sequential(nn.Flatten(), nn.Linear(36, 1))).run(DataLoader(Defects(), batch_size=30, shuffle=True))
