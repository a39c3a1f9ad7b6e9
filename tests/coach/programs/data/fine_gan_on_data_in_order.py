"""A GAN whose loader keeps the order of its samples, which have no classes: all are real."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader

torch.manual_seed(0)
maker = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
judge = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
make_opt, judge_opt = (optim.Adam(net.parameters(), lr=1e-3) for net in (maker, judge))
loss = nn.BCEWithLogitsLoss()
real, made = torch.ones(16, 1), torch.zeros(16, 1)
for _ in range(3):
    for points in DataLoader(torch.randn(80, 2) + 2, batch_size=16):
        judge_opt.zero_grad()
        fakes = maker(torch.randn(16, 3))
        (loss(judge(points), real) + loss(judge(fakes.detach()), made)).backward()
        judge_opt.step()
        make_opt.zero_grad()
        loss(judge(fakes), real).backward()
        make_opt.step()
