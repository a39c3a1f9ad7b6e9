import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class Numbers(Dataset):
    def __init__(self, n):
        self.x = torch.rand(n, 3)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.x[i].sum()


class Trainer:
    def __init__(self):
        self.net = nn.Linear(3, 1)
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.loader = DataLoader(Numbers(40), batch_size=8, shuffle=False)

    def get_batch(self):
        return next(iter(self.loader))  # coach: repeated-batch; fix: next(batches)

    def run(self, steps):
        for _ in range(steps):
            xb, yb = self.get_batch()
            loss = F.mse_loss(self.net(xb).squeeze(1), yb)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()


Trainer().run(8)
